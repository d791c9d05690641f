package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// arraysPostgres runs a statement for many rows by handing PostgreSQL each
// column as an array: a message for each row costs it more than most do.
func arraysPostgres(ctx context.Context, conn *pgx.Conn, text string, rows [][]any) (changed int64, err error) {
	for len(rows) > 0 {
		n := min(len(rows), maxBatch)
		args, types, ok := arraysOf(rows[:n])
		if !ok {
			return bulkPostgres(ctx, conn, text, rows)
		}
		done, err := conn.Exec(ctx, fromArrays(text, types), args...)
		if err != nil {
			return 0, fmt.Errorf("batch: %w", err)
		}
		changed += done.RowsAffected()
		rows = rows[n:]
	}
	return changed, nil
}

// fromArrays rewrites a statement with parameters into one for all rows of
// columns of the types.
func fromArrays(text string, types []string) string {
	var source strings.Builder
	source.WriteString("unnest(")
	for i, t := range types {
		if i > 0 {
			source.WriteString(", ")
		}
		fmt.Fprintf(&source, "$%d::%s[]", i+1, t)
	}
	source.WriteString(") AS r (")
	for i := range types {
		if i > 0 {
			source.WriteString(", ")
		}
		source.WriteString("c" + strconv.Itoa(i+1))
	}
	source.WriteString(")")
	text = parameter.ReplaceAllString(text, "r.c$1")
	if strings.HasPrefix(text, "UPDATE") {
		return strings.Replace(text, " WHERE ", " FROM "+source.String()+" WHERE ", 1)
	}
	at := valuesList.FindStringSubmatchIndex(text)
	return text[:at[0]] + "SELECT " + text[at[2]:at[3]] + " FROM " + source.String() + text[at[1]:]
}

// arraysOf turns rows into columns and their types; false for what has no
// array that fits.
func arraysOf(rows [][]any) (args []any, types []string, ok bool) {
	for c := range rows[0] {
		var column any
		name := ""
		switch rows[0][c].(type) {
		case int64:
			name = "bigint"
			column, ok = arrayOf[int64](rows, c)
		case string:
			name = "text"
			column, ok = arrayOf[string](rows, c)
		case bool:
			name = "boolean"
			column, ok = arrayOf[bool](rows, c)
		case float64:
			name = "double precision"
			column, ok = arrayOf[float64](rows, c)
		case []byte:
			name = "bytea"
			column, ok = arrayOf[[]byte](rows, c)
		default:
			ok = false
		}
		if !ok {
			return nil, nil, false
		}
		args, types = append(args, column), append(types, name)
	}
	return args, types, true
}

func arrayOf[T any](rows [][]any, c int) ([]T, bool) {
	out := make([]T, len(rows))
	for i, row := range rows {
		v, ok := row[c].(T)
		if !ok {
			return nil, false
		}
		out[i] = v
	}
	return out, true
}
