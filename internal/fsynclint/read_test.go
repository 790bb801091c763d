package fsynclint

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// events reads a trace to its end and writes what was understood: thread, lines, name,
// arguments between bars, result.
func events(t *testing.T, trace string) []string {
	t.Helper()
	r := newReader(strings.NewReader(trace))
	var list []string
	for {
		ev, err := r.next()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		switch c := ev.call; ev.kind {
		case exited:
			list = append(list, fmt.Sprintf("%d exited", ev.thread))
		case returned:
			s := fmt.Sprintf("%d %d-%d %s(%s) = %s", c.Thread, c.Line, c.Ended, c.name, strings.Join(c.args, "|"), c.ret)
			if c.err != "" {
				s += " " + c.err
			}
			if c.retPath != "" {
				s += " at " + c.retPath
			}
			list = append(list, s)
		}
	}
}

// TestForms reads the forms in which strace writes the same call. A call that was wrapped
// has the number of its first line.
func TestForms(t *testing.T) {
	const plain = `fsync(3) = 0`
	for _, c := range []struct{ name, trace, want string }{
		{"one process", plain, "0 1-1 fsync(3) = 0"},
		{"aligned result", `exit_group(0)                           = ?`, "0 1-1 exit_group(0) = ?"},
		{"terminal", "[pid  1234] " + plain, "1234 1-1 fsync(3) = 0"},
		{"terminal with names", "[pid  1234<java>] " + plain, "1234 1-1 fsync(3) = 0"},
		{"file", "1234  " + plain, "1234 1-1 fsync(3) = 0"},
		{"file with names", "1234<java> " + plain, "1234 1-1 fsync(3) = 0"},
		{"-t", "10:00:01 " + plain, "0 1-1 fsync(3) = 0"},
		{"-tt", "1234 10:00:01.123456 " + plain, "1234 1-1 fsync(3) = 0"},
		{"-ttt", "1234 1795702884.050079 " + plain, "1234 1-1 fsync(3) = 0"},
		{"-ttt of one process", "1795702884.050079 " + plain, "0 1-1 fsync(3) = 0"},
		{"seconds of one process", "1795702884 " + plain, "0 1-1 fsync(3) = 0"},
		{"-r", "     0.000123 " + plain, "0 1-1 fsync(3) = 0"},
		{"-r -t", "1234 10:00:01 (+     0.000123) " + plain, "1234 1-1 fsync(3) = 0"},
		{"-i", "[00007f1122334455] " + plain, "0 1-1 fsync(3) = 0"},
		{"-n", "[  74] " + plain, "0 1-1 fsync(3) = 0"},
		{"-T", plain + " <0.000123>", "0 1-1 fsync(3) = 0"},
		{"-y", `openat(AT_FDCWD</a (b>, "x", O_RDONLY) = 3</a (b/x>`, `0 1-1 openat(AT_FDCWD</a (b>|"x"|O_RDONLY) = 3 at /a (b/x`},
		{"-yy", `write(3<TCP:[1.2.3.4:5->6.7.8.9:80]>, ""..., 5) = 5`, `0 1-1 write(3<TCP:[1.2.3.4:5->6.7.8.9:80]>|""...|5) = 5`},
		{"-yy of a device", `write(1</dev/pts/0<char 136:0>>, "a", 1) = 1`, `0 1-1 write(1</dev/pts/0<char 136:0>>|"a"|1) = 1`},
		{"quotes", `unlink("/a\"), b\\") = 0`, `0 1-1 unlink("/a\"), b\\") = 0`},
		{"structures", `newfstatat(3, "", {st_mode=S_IFREG|0644, st_size=5, ...}, AT_EMPTY_PATH) = 0`,
			`0 1-1 newfstatat(3|""|{st_mode=S_IFREG|0644, st_size=5, ...}|AT_EMPTY_PATH) = 0`},
		{"comment", `execve("/bin/a", ["a"], 0x7ffd /* 9 vars */) = 0`, `0 1-1 execve("/bin/a"|["a"]|0x7ffd /* 9 vars */) = 0`},
		{"shift", `fcntl(3, F_ADD_SEALS, 1<<2) = 0`, `0 1-1 fcntl(3|F_ADD_SEALS|1<<2) = 0`},
		{"error", `unlink("a") = -1 EISDIR (Is a directory)`, `0 1-1 unlink("a") = -1 EISDIR`},
		{"restart", `fsync(3) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)`, `0 1-1 fsync(3) = ? ERESTARTSYS`},
		{"injected", `fsync(3) = -1 EIO (Input/output error) (INJECTED)`, `0 1-1 fsync(3) = -1 EIO`},
		{"address", `mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3, 0) = 0x7f1122334455`, `0 1-1 mmap(NULL|4096|PROT_READ|MAP_SHARED|3|0) = 0x7f1122334455`},
		{"halves", "7 fsync(3 <unfinished ...>\n8 close(4) = 0\n7 <... fsync resumed>) = 0", "8 2-2 close(4) = 0\n7 1-3 fsync(3) = 0"},
		{"halves within the arguments", `7 stat("/a", <unfinished ...>` + "\n" + `7 <... stat resumed>{st_size=4, ...}) = 0`, `7 1-2 stat("/a"|{st_size=4, ...}) = 0`},
		{"halves of old releases", "7 fsync(3 <unfinished ...>\n7 <... fsync resumed> ) = 0", "7 1-2 fsync(3) = 0"},
		{"second half alone", "7 <... fsync resumed>) = 0\n7 close(3) = 0", "7 2-2 close(3) = 0"},
		{"first half alone", "7 fsync(3 <unfinished ...>\n7 close(3) = 0", "7 2-2 close(3) = 0"},
		{"halves that do not fit", "7 fsync(3 <unfinished ...>\n7 <... close resumed>) = 0", ""},
		{"killed in the middle", "7 fsync(3 <unfinished ...>\n7 +++ killed by SIGKILL +++", "7 exited"},
		{"signal", "7 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED} ---\n7 close(3) = 0", "7 2-2 close(3) = 0"},
		{"words of the program between", "7 close(3) = 0\nhello (world\n7 close(4) = 0", "7 1-1 close(3) = 0\n7 3-3 close(4) = 0"},
		{"attached", "strace: Process 7 attached\n[pid 7] close(3) = 0", "7 2-2 close(3) = 0"},
		{"wrapped", "[pid 7] 10:00:01 rename(\"/a\",\n\"/b\") =\n0", `7 1-1 rename("/a"|"/b") = 0`},
		{"wrapped behind the prefix", "[pid 7]\n10:00:01 rename(\"/a\", \"/b\") = 0", `7 1-1 rename("/a"|"/b") = 0`},
		{"wrapped in what explains the error", "[pid 7] unlink(\"/a\") = -1 ENOENT (No such file or\ndirectory)\n[pid 7] close(3) = 0", "7 1-1 unlink(\"/a\") = -1 ENOENT\n7 3-3 close(3) = 0"},
		{"wrapped before what explains the error", "[pid 7] unlink(\"/a\") = -1 ENOENT\n(No such file or directory)\n[pid 7] close(3) = 0", "7 1-1 unlink(\"/a\") = -1 ENOENT\n7 3-3 close(3) = 0"},
		{"wrapped in the mark of a half", "[pid 7] unlink(\"/a\" <unfinished\n...>\n[pid 7] <... unlink\nresumed>) = 0", `7 1-3 unlink("/a") = 0`},
		{"quoted in a mail", "> [pid 7] rename(\"/a\",\n> \"/b\") = 0", `7 1-1 rename("/a"|"/b") = 0`},
		{"the other end of line", "close(3) = 0\r\nclose(4) = 0\r\n", "0 1-1 close(3) = 0\n0 2-2 close(4) = 0"},
		{"empty", "", ""},
		{"binary", "\x00\xff\xfe(\x00) = \x80\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.Join(events(t, c.trace), "\n"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		`a`: "a", `a\nb`: "a\nb", `\303\244`: "ä", `\x41\x4`: "A\x04", `\0`: "\x00", `\1234`: "S4", `\"\\`: `"\`, `\`: `\`,
	} {
		if got := unescape(in); got != want {
			t.Errorf("unescape(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestShapes(t *testing.T) {
	for name, want := range map[string]string{
		"chk-1217": "chk-#", "_metadata": "_metadata", "0507881e-8877-40b0-82d6-3d7dead64ccc": "X",
		"000012.ldb": "#.ldb", "deed": "deed", "a1b2": "X", "part-7-of-9": "part-#-of-#",
	} {
		if got := shapeOf(name); got != want {
			t.Errorf("the shape of %s is %s, want %s", name, got, want)
		}
	}
}
