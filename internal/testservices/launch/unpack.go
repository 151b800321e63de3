//go:build unix

package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// recipe is the version of what this file does to an unpacked folder. A change
// that makes older folders unfit raises it, and new folders are made.
const recipe = 1

// pgvectorPackage names the packages with the extension, one for each major
// version of Postgres.
var pgvectorPackage = regexp.MustCompile(`(?m)^postgresql-([0-9]+)-pgvector\b`)

// plan says how this machine gets unpacked programs.
type plan struct {
	source source
	suite  string // release to take packages from
	// native: the packages are of the machine's own release and run on the
	// machine's own libc. Otherwise the folder holds a libc too, and programs
	// are confined to it.
	native bool
}

// planFor decides for a release. Debian 12 has no pgvector, and Debian 13 is
// the first with the wanted Postgres 17; later ones, and Ubuntu since 24.04,
// have their own. Root always confines: the cache in root's home cannot be
// reached by the user that Postgres then runs as.
func planFor(machine release, own source, root bool) (plan, error) {
	switch {
	case machine.id == "debian" && (machine.codename == "bookworm" || machine.codename == "bullseye"):
		return plan{source: own, suite: "trixie"}, nil
	case machine.id == "debian" || machine.id == "ubuntu":
		return plan{source: own, suite: machine.codename, native: !root}, nil
	}
	return plan{}, fmt.Errorf("cannot fetch packages on %q", machine.id)
}

// fetch returns the programs of the unpacked folder in the cache, and makes
// that folder first where it is missing.
func fetch(ctx context.Context, config Config) (located, error) {
	osRelease, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return located{}, fmt.Errorf("packages can be fetched on Debian and Ubuntu only: %w", err)
	}
	machine := parseRelease(string(osRelease))
	sources, err := readSources("/etc/apt")
	if err != nil {
		return located{}, err
	}
	own, err := mainSource(sources, machine.codename)
	if err != nil {
		return located{}, err
	}
	chosen, err := planFor(machine, own, os.Getuid() == 0)
	if err != nil {
		return located{}, err
	}
	cache := config.Cache
	if cache == "" {
		cache = CacheDir()
	}
	kind := "confined"
	if chosen.native {
		kind = "native"
	}
	root := filepath.Join(cache, fmt.Sprintf("%s-%s-%s-%d", chosen.suite, runtime.GOARCH, kind, recipe))
	if err := chosen.ensure(ctx, config, root); err != nil {
		return located{}, err
	}
	return chosen.programs(root)
}

// ensure makes the unpacked folder unless it is there. A lock makes the
// processes that want it at the same time wait for the first; the folder gets
// its name last, so that a broken attempt leaves nothing that looks whole.
func (p plan) ensure(ctx context.Context, config Config, root string) error {
	if err := os.MkdirAll(filepath.Dir(root), 0o755); err != nil {
		return err
	}
	unlock, err := Lock(root + ".lock")
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := os.Stat(root); err == nil {
		return nil
	}
	fmt.Fprintf(config.Log, "fetching Postgres, pgvector and Redis from %s into %s (once)\n", p.suite, root)
	work, err := os.MkdirTemp(filepath.Dir(root), "making-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work) // a leftover costs disk space only
	unpacked := filepath.Join(work, "root")
	archives, err := p.download(ctx, work)
	if err != nil {
		return err
	}
	for _, archive := range archives {
		if out, err := exec.CommandContext(ctx, "dpkg", "-x", archive, unpacked).CombinedOutput(); err != nil {
			return fmt.Errorf("unpack %s: %w\n%s", filepath.Base(archive), err, out)
		}
	}
	if !p.native {
		if err := furnish(ctx, unpacked); err != nil {
			return err
		}
	}
	// MkdirTemp's mode would keep the servers' user out.
	if err := os.Chmod(unpacked, 0o755); err != nil {
		return err
	}
	return os.Rename(unpacked, root)
}

// download fetches the packages and what they depend on, and returns the
// archives' paths. apt works on a state of its own below work: the machine's
// lists, archives and installed packages are neither used nor changed, with
// one exception: native programs share the machine's libraries, so that apt
// is told what is installed and fetches only what is not.
func (p plan) download(ctx context.Context, work string) ([]string, error) {
	for _, dir := range []string{"sources", "lists/partial", "cache/archives/partial", "root"} {
		if err := os.MkdirAll(filepath.Join(work, dir), 0o755); err != nil {
			return nil, err
		}
	}
	files := map[string]string{"sources/own.sources": p.source.withSuite(p.suite), "status": ""}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(work, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	status := filepath.Join(work, "status")
	if p.native {
		installed, err := os.ReadFile("/var/lib/dpkg/status")
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(status, installed, 0o644); err != nil {
			return nil, err
		}
	}
	if _, err := apt(ctx, work, "apt-get", "update"); err != nil {
		return nil, err
	}
	known, err := apt(ctx, work, "apt-cache", "search", "--names-only", `^postgresql-[0-9]+-pgvector$`)
	if err != nil {
		return nil, err
	}
	vector, err := choosePackage(known)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.suite, err)
	}
	packages := []string{vector, "redis-server"}
	if !p.native {
		// A shell, for initdb: essential packages are not pulled in by others.
		packages = append(packages, "dash")
	}
	install := append([]string{"--yes", "--download-only", "install"}, packages...)
	if _, err := apt(ctx, work, "apt-get", install...); err != nil {
		return nil, err
	}
	return filepath.Glob(filepath.Join(work, "cache", "archives", "*.deb"))
}

// apt runs apt-get or apt-cache on the state below work. The machine's own
// settings (a proxy, say) stay in force, but for those that choose packages.
func apt(ctx context.Context, work, tool string, args ...string) (string, error) {
	settings := map[string]string{
		"Dir::Etc::sourcelist": "/dev/null", "Dir::Etc::sourceparts": filepath.Join(work, "sources"),
		"Dir::Etc::preferences": "/dev/null", "Dir::Etc::preferencesparts": "/dev/null",
		"Dir::State": work, "Dir::State::lists": filepath.Join(work, "lists"),
		"Dir::State::status": filepath.Join(work, "status"), "Dir::Cache": filepath.Join(work, "cache"),
		"Dir::Cache::archives": filepath.Join(work, "cache", "archives"),
		"APT::Default-Release": "", "APT::Install-Recommends": "0", "APT::Keep-Downloaded-Packages": "1",
		// apt's own unprivileged user cannot write into a cache in a home.
		"APT::Sandbox::User": "root", "Acquire::Languages": "none", "Acquire::Retries": "3",
	}
	var options []string
	for key, value := range settings {
		options = append(options, "-o", key+"="+value)
	}
	cmd := exec.CommandContext(ctx, tool, append(options, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	var errorText strings.Builder
	cmd.Stderr = &errorText
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", tool, args[len(args)-1], err, errorText.String())
	}
	return string(out), nil
}

// wantedPostgres is the major version that Recado runs on in production.
const wantedPostgres = 17

// choosePackage picks pgvector's package for the wanted Postgres, or for the
// newest one that apt knows.
func choosePackage(known string) (string, error) {
	newest := 0
	for _, match := range pgvectorPackage.FindAllStringSubmatch(known, -1) {
		major, err := strconv.Atoi(match[1])
		if err != nil {
			continue // unreachable: the pattern matches digits
		}
		if major == wantedPostgres {
			newest = major
			break
		}
		newest = max(newest, major)
	}
	if newest < oldestPostgres {
		return "", fmt.Errorf("no pgvector for Postgres %d or newer", oldestPostgres)
	}
	return fmt.Sprintf("postgresql-%d-pgvector", newest), nil
}

// furnish gives an unpacked folder what a root folder needs and packages do
// not contain: the links of the merged /usr, a shell, users, devices.
func furnish(ctx context.Context, root string) error {
	for _, name := range []string{"bin", "sbin", "lib", "lib64"} {
		if err := linkMissing("usr/"+name, filepath.Join(root, name)); err != nil {
			return err
		}
	}
	if err := linkMissing("dash", filepath.Join(root, "usr", "bin", "sh")); err != nil {
		return err
	}
	for _, name := range []string{"dev", "proc", "tmp", "etc"} {
		if err := os.MkdirAll(filepath.Join(root, name), 0o755); err != nil {
			return err
		}
	}
	// The mode in Mkdir is subject to the umask, and cannot be sticky.
	if err := os.Chmod(filepath.Join(root, "tmp"), 0o777|os.ModeSticky); err != nil {
		return err
	}
	users := fmt.Sprintf("root:x:0:0::/:/bin/sh\nnobody:x:%d:%d::/tmp:/bin/sh\n", nobody, nobody)
	groups := fmt.Sprintf("root:x:0:\nnogroup:x:%d:\n", nobody)
	for name, text := range map[string]string{"passwd": users, "group": groups} {
		if err := os.WriteFile(filepath.Join(root, "etc", name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return makeDevices(ctx, filepath.Join(root, "dev"))
}

// linkMissing makes a symbolic link unless its name is taken.
func linkMissing(target, name string) error {
	err := os.Symlink(target, name)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	return err
}

// makeDevices makes the three devices that the servers open. Without root they
// are empty files, over which rootlessScript binds the machine's devices.
func makeDevices(ctx context.Context, dev string) error {
	if os.Getuid() != 0 {
		for _, name := range []string{"null", "zero", "urandom"} {
			if err := os.WriteFile(filepath.Join(dev, name), nil, 0o666); err != nil {
				return err
			}
		}
		return nil
	}
	// The minor numbers of major device 1 are fixed by Linux (admin-guide/devices.txt).
	for name, minor := range map[string]string{"null": "3", "zero": "5", "urandom": "9"} {
		out, err := exec.CommandContext(ctx, "mknod", "--mode=666", filepath.Join(dev, name), "c", "1", minor).CombinedOutput()
		if err != nil {
			return fmt.Errorf("make device %s: %w\n%s", name, err, out)
		}
	}
	return nil
}

// programs finds the servers in an unpacked folder.
func (p plan) programs(root string) (located, error) {
	folders, err := filepath.Glob(filepath.Join(root, "usr/lib/postgresql/*/bin"))
	if err != nil || len(folders) != 1 {
		return located{}, fmt.Errorf("%s holds %d Postgres servers instead of one; remove it and try again", root, len(folders))
	}
	base := program{origin: p.suite + ", unpacked"}
	if p.native {
		libraries, err := filepath.Glob(filepath.Join(root, "usr/lib/*-linux-gnu*"))
		if err != nil {
			return located{}, err
		}
		base.libraries = strings.Join(libraries, ":")
	} else {
		base.root = root
	}
	postgres, redis := base, base
	postgres.bin = strings.TrimPrefix(folders[0], base.root)
	redis.bin = strings.TrimPrefix(filepath.Join(root, "usr/bin"), base.root)
	redis.redisName = "redis-server"
	return located{postgres: postgres, redis: redis}, nil
}
