//go:build unix

package launch

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
)

// oldestPostgres is the lowest major version that Recado is tested on.
const oldestPostgres = 16

// located are the programs of both servers.
type located struct{ postgres, redis program }

// locate looks for both programs on the machine and fetches what is missing.
func locate(ctx context.Context, config Config) (located, error) {
	var found located
	postgresOK, redisOK := config.SkipPostgres, config.SkipRedis
	if !postgresOK {
		found.postgres, postgresOK = machinePostgres(ctx, postgresFolders())
	}
	if !redisOK {
		found.redis, redisOK = machineRedis()
	}
	if postgresOK && redisOK {
		return found, nil
	}
	unpacked, err := fetch(ctx, config)
	if err != nil {
		return located{}, fmt.Errorf("no Postgres %d or newer with pgvector, or no Redis, on this machine, "+
			"and none could be fetched (docker compose up, and TEST_DATABASE_URL and TEST_REDIS_URL, are the way round): %w",
			oldestPostgres, err)
	}
	if !postgresOK {
		found.postgres = unpacked.postgres
	}
	if !redisOK {
		found.redis = unpacked.redis
	}
	return found, nil
}

// postgresFolders lists where Postgres's programs are on Debian and Ubuntu,
// on Red Hat's family, with Homebrew on both kinds of Mac, and in PATH.
func postgresFolders() []string {
	var folders []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin",
		"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
	} {
		// Glob fails only on a malformed pattern, and these are constants.
		matches, _ := filepath.Glob(pattern)
		folders = append(folders, matches...)
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(real))
		}
	}
	return folders
}

// postgresVersion finds the major version in the output of postgres --version.
var postgresVersion = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// machinePostgres picks the newest of the folders' Postgres servers that is
// new enough and has the extension vector.
func machinePostgres(ctx context.Context, folders []string) (program, bool) {
	best, bestMajor := program{}, 0
	sort.Strings(folders)
	for _, folder := range folders {
		major, err := postgresMajor(ctx, folder)
		if err != nil || major < oldestPostgres || major <= bestMajor || !hasVector(ctx, folder) {
			continue
		}
		best = program{origin: fmt.Sprintf("version %d of this machine", major), bin: folder}
		bestMajor = major
	}
	return best, bestMajor > 0
}

// postgresMajor asks the server's program for its version.
func postgresMajor(ctx context.Context, folder string) (int, error) {
	if !isFile(filepath.Join(folder, "initdb")) {
		return 0, errors.New("no initdb beside postgres")
	}
	out, err := exec.CommandContext(ctx, filepath.Join(folder, "postgres"), "--version").Output()
	if err != nil {
		return 0, err
	}
	match := postgresVersion.FindSubmatch(out)
	if match == nil {
		return 0, fmt.Errorf("unknown version %q", out)
	}
	return strconv.Atoi(string(match[1]))
}

// hasVector reports whether the server in the folder can create the extension.
func hasVector(ctx context.Context, folder string) bool {
	out, err := exec.CommandContext(ctx, filepath.Join(folder, "pg_config"), "--sharedir").Output()
	if err != nil {
		return false
	}
	share := string(out[:max(0, len(out)-1)]) // without the newline
	return isFile(filepath.Join(share, "extension", "vector.control"))
}

// redisNames are the servers that speak Redis's protocol, in order of choice.
var redisNames = []string{"redis-server", "valkey-server"}

// machineRedis finds a Redis or a Valkey in PATH.
func machineRedis() (program, bool) {
	for _, name := range redisNames {
		if path, err := exec.LookPath(name); err == nil {
			return program{origin: "of this machine", bin: filepath.Dir(path), redisName: name}, true
		}
	}
	return program{}, false
}
