package console

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/identity"
	"github.com/harrier-scan/harrier/internal/store"
)

// atRest opens the database of a console that is not running.
func atRest(ctx context.Context, c Config, use func(*store.DB) error) error {
	if err := isThere(c); err != nil {
		return err
	}
	unlock, err := lock(filepath.Join(c.Data, "lock"))
	if err != nil {
		return err
	}
	defer unlock() //nolint:errcheck // the process ends anyway
	db, err := openStore(ctx, c.DSN)
	if err != nil {
		return err
	}
	defer db.Close()
	return use(db)
}

// beside opens the database of a console that may be running.
func beside(ctx context.Context, c Config, use func(*store.DB) error) error {
	if err := isThere(c); err != nil {
		return err
	}
	db, err := store.Open(ctx, c.DSN)
	if err != nil {
		return harrier.Errorf(harrier.KindOf(err), "%s: %s", DatabaseName(c.DSN), harrier.MessageOf(err)).Because(err)
	}
	defer db.Close()
	return use(db)
}

// isThere answers NotFound where no console has ever run: opening would make an
// empty database in a wrong place.
func isThere(c Config) error {
	if isPostgres(c.DSN) {
		return nil
	}
	switch _, err := os.Stat(c.DSN); {
	case errors.Is(err, fs.ErrNotExist):
		return harrier.Errorf(harrier.NotFound, "there is no database %s: start the console first, or name its data folder", c.DSN)
	case err != nil:
		return harrier.Errorf(harrier.NotFound, "the database %s can not be read", c.DSN).Because(err)
	}
	return nil
}

func usersAtRest(ctx context.Context, c Config, use func(*identity.Room) error) error {
	return atRest(ctx, c, func(db *store.DB) error {
		return use(identity.New(db, identity.Config{Log: slog.New(slog.DiscardHandler)}))
	})
}

// ResetPassword gives a user a new generated password and returns it. It
// answers Unavailable while a console runs on the data folder and NotFound for
// an unknown user.
func ResetPassword(ctx context.Context, c Config, name string) (string, error) {
	password := rand.Text()
	err := usersAtRest(ctx, c, func(users *identity.Room) error {
		list, err := users.Users(ctx, operator)
		if err != nil {
			return err
		}
		for _, u := range list {
			if strings.EqualFold(u.Name, name) {
				return users.SetPassword(ctx, operator, u.ID, "", password)
			}
		}
		return harrier.Errorf(harrier.NotFound, "no user %q", name)
	})
	return password, err
}

// Users lists the users. It answers Unavailable while a console runs on the
// data folder.
func Users(ctx context.Context, c Config) ([]harrier.User, error) {
	var list []harrier.User
	err := usersAtRest(ctx, c, func(users *identity.Room) error {
		var err error
		list, err = users.Users(ctx, operator)
		return err
	})
	return list, err
}

// NewAPIKey makes an API key for a user, or of their whole organization, and
// returns it. The console may be running. It answers NotFound for an unknown
// user, and like identity.Room.NewAPIKey.
func NewAPIKey(ctx context.Context, c Config, name, what string, all bool) (string, error) {
	key := ""
	err := beside(ctx, c, func(db *store.DB) error {
		users := identity.New(db, identity.Config{Log: slog.New(slog.DiscardHandler)})
		list, err := users.Users(ctx, operator)
		if err != nil {
			return err
		}
		for _, u := range list {
			if !strings.EqualFold(u.Name, name) {
				continue
			}
			by, err := users.ActorOf(ctx, u.ID, "cli")
			if err == nil {
				key, err = users.NewAPIKey(ctx, by, &harrier.APIKey{Name: what, ForAll: all})
			}
			return err
		}
		return harrier.Errorf(harrier.NotFound, "no user %q", name)
	})
	return key, err
}
