package main

import (
	"context"
	"fmt"

	"github.com/harrier-scan/harrier/internal/console"
)

type userCommand struct {
	Password passwordCommand `cmd:"" help:"Give a user a new generated password; no console may be running."`
	List     listCommand     `cmd:"" help:"List the users; no console may be running."`
	Key      keyCommand      `cmd:"" help:"Make an API key for a user, for programs that sign in with one key; the console may be running."`
}

type passwordCommand struct {
	Name string `arg:"" help:"Name of the user."`
	dataFlags
}

// Run sets a new password and prints it.
func (c passwordCommand) Run(ctx context.Context, s streams) error {
	password, err := console.ResetPassword(ctx, c.config(), c.Name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "User:     %s\nPassword: %s\n", c.Name, password)
	return err
}

type listCommand struct {
	dataFlags
}

// Run lists the users.
func (c listCommand) Run(ctx context.Context, s streams) error {
	users, err := console.Users(ctx, c.config())
	if err != nil {
		return err
	}
	for _, u := range users {
		if _, err := fmt.Fprintf(s.out, "%-4d %-24s %s\n", u.ID, u.Name, u.Role); err != nil {
			return err
		}
	}
	return nil
}

type keyCommand struct {
	Name         string `arg:"" help:"Name of the user."`
	For          string `default:"command line" placeholder:"TEXT" help:"What the key is for."`
	Organization bool   `help:"A key of the user's whole organization: it may do and see all there, and goes on without the user."`
	dataFlags
}

// Run makes a key and prints it.
func (c keyCommand) Run(ctx context.Context, s streams) error {
	key, err := console.NewAPIKey(ctx, c.config(), c.Name, c.For, c.Organization)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "User: %s\nKey:  %s\n", c.Name, key)
	return err
}
