//go:build unix

package launch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// nobody is the user and the group that servers run as when the caller is
// root, and that a caller without root appears as inside a user namespace.
const nobody = 65534

// program is a place to run a server's programs from.
type program struct {
	origin    string // for people: where the program comes from
	bin       string // folder of the programs, as seen inside root
	root      string // folder to chroot into; empty: the machine's own root
	libraries string // LD_LIBRARY_PATH of programs that were unpacked but share the machine's libc
	redisName string // redis-server or valkey-server
}

// folder is a data folder under its two names, which differ in a chroot.
type folder struct{ outside, inside string }

// Process is a running server.
type Process struct {
	// PID is the server's process id.
	PID int
	// Dir is the folder of its data and its log.
	Dir string
}

// rootlessScript runs a program in an unpacked folder without root, inside a
// user and a mount namespace that unshare has made: it lends the folder the
// machine's devices, which only root could create there.
const rootlessScript = `root=$1; shift
for device in null zero urandom; do mount --bind /dev/$device "$root/dev/$device" || exit 1; done
exec chroot "$root" "$@"`

// command prepares one of the program's executables, to run as a user that is
// not root, with an environment of its own: PG* variables of the caller would
// redirect Postgres's tools.
func (p program) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	path := filepath.Join(p.bin, name)
	cmd := exec.CommandContext(ctx, path, args...)
	if p.root != "" && os.Getuid() != 0 {
		// Postgres refuses to run as uid 0, so the caller is mapped to nobody
		// and keeps the capabilities that mount and chroot need.
		cmd = exec.CommandContext(ctx, "unshare", append([]string{
			"--user", fmt.Sprintf("--map-user=%d", nobody), fmt.Sprintf("--map-group=%d", nobody),
			"--keep-caps", "--mount", "sh", "-c", rootlessScript, "sh", p.root, path,
		}, args...)...)
	}
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}
	if p.libraries != "" {
		cmd.Env = append(cmd.Env, "LD_LIBRARY_PATH="+p.libraries)
	}
	// A session of its own keeps a Ctrl-C in the terminal from the servers:
	// the tests that use them end first.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Chroot = p.root
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	return cmd
}

// makeDir makes a new data folder that the server's user owns and that the
// server can reach: inside the root it is confined to, if there is one.
func (p program) makeDir(name string) (folder, error) {
	parent := os.TempDir()
	if p.root != "" {
		parent = filepath.Join(p.root, "tmp")
	}
	dir, err := os.MkdirTemp(parent, "recado-"+name+"-")
	if err != nil {
		return folder{}, err
	}
	if os.Getuid() == 0 {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			return folder{}, err
		}
	}
	return folder{outside: dir, inside: strings.TrimPrefix(dir, p.root)}, nil
}

// start runs a server until ready returns nil. Its output goes to a log in the
// data folder, whose end is in the error if the server does not come up; the
// folder is removed then.
func (p program) start(ctx context.Context, data folder, name string, args []string,
	ready func(context.Context) error,
) (Process, error) {
	process, err := p.launch(ctx, data, name, args, ready)
	if err == nil {
		return process, nil
	}
	if text, readErr := os.ReadFile(filepath.Join(data.outside, logName)); readErr == nil {
		err = fmt.Errorf("%w; its log ends:\n%s", err, text[max(0, len(text)-2000):])
	}
	return Process{}, errors.Join(err, os.RemoveAll(data.outside))
}

// logName is the file in the data folder that takes the server's output.
const logName = "server.log"

// launch runs a server until ready returns nil, and kills it if that does not
// come about.
func (p program) launch(ctx context.Context, data folder, name string, args []string,
	ready func(context.Context) error,
) (Process, error) {
	log, err := os.Create(filepath.Join(data.outside, logName))
	if err != nil {
		return Process{}, err
	}
	defer log.Close() // the server has its own handle
	// Not ctx: the server outlives the call, and maybe the process.
	cmd := p.command(context.WithoutCancel(ctx), name, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return Process{}, err
	}
	process := Process{PID: cmd.Process.Pid, Dir: data.outside}
	err = process.waitReady(ctx, ready)
	if err == nil {
		return process, nil
	}
	// The whole session, which the server leads; it may be gone already.
	if killErr := syscall.Kill(-process.PID, syscall.SIGKILL); killErr == nil {
		process.waitGone(context.WithoutCancel(ctx))
	}
	return Process{}, err
}

// waitReady polls until the server answers or has exited.
func (p Process) waitReady(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		if p.gone() {
			return errors.New("the server ended at once")
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stopTimeout is how long a server may take to end by itself.
const stopTimeout = 20 * time.Second

// stop asks the server to end and kills it if it does not. SIGINT is what both
// servers take for a quick, clean end: Postgres drops its connections.
func (p Process) stop(ctx context.Context) error {
	if err := syscall.Kill(p.PID, syscall.SIGINT); err != nil {
		return fmt.Errorf("stop process %d: %w", p.PID, err)
	}
	waiting, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	if p.waitGone(waiting) {
		return nil
	}
	// The whole session: Postgres has a process for each connection.
	if err := syscall.Kill(-p.PID, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill process %d: %w", p.PID, err)
	}
	return nil
}

// waitGone polls until the process has ended, and reports whether it did
// before ctx ended.
func (p Process) waitGone(ctx context.Context) bool {
	for !p.gone() {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
	return true
}

// gone reports whether the process has ended. A child of this process is
// reaped here; a server that another process started is looked up by signal 0.
func (p Process) gone() bool {
	if pid, err := syscall.Wait4(p.PID, nil, syscall.WNOHANG, nil); err == nil {
		return pid == p.PID
	}
	return syscall.Kill(p.PID, 0) == syscall.ESRCH
}

// utf8Locale names a locale in which lower-casing knows accented letters:
// full-text search in Spanish depends on it.
func utf8Locale() string {
	if runtime.GOOS == "darwin" {
		return "en_US.UTF-8" // macOS has no C.UTF-8 before version 15
	}
	return "C.UTF-8"
}

// isFile reports whether the path names a file.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&fs.ModeType == 0
}
