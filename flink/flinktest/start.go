package flinktest

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Variable is the environment variable that turns these tests on. With "1" they run if they
// can, and are skipped with the reason if they cannot; with "must" they fail if they cannot.
const Variable = "WEIR_FLINK_TEST"

// A Release is a line of Flink's releases; java/pom.xml has a profile of that name, which
// says which release of it.
type Release string

// Releases are the releases to test with: the last line of Flink 1, and Flink 2.
var Releases = []Release{"flink-1.20", "flink-2"}

//go:embed java/pom.xml
var pom []byte

//go:embed java/Dump.java
var program []byte

// briefly are options for a Java that runs for a few seconds only. They halve the time.
var briefly = []string{"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"}

// downloadTimeout is how long Maven may take; a release is 24 MB.
const downloadTimeout = 4 * time.Minute

// Start starts a release of Flink, for as long as the test runs. It skips the test if
// Variable is not set, or if Java, Maven or the repository that Maven downloads from is not
// there.
func Start(t testing.TB, r Release) *Flink {
	t.Helper()
	cannot := t.Skipf
	switch os.Getenv(Variable) {
	case "must":
		cannot = t.Fatalf
	case "":
		t.Skipf("Flink is not started: %s is not set", Variable)
	}
	if testing.Short() {
		t.Skip("Flink is not started with -short")
	}
	for _, tool := range []string{"java", "mvn"} {
		if _, err := exec.LookPath(tool); err != nil {
			cannot("Flink cannot be started: %v", err)
		}
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "pom.xml"), pom)
	write(t, filepath.Join(dir, "Dump.java"), program)
	began := time.Now()
	classpath, err := download(t.Context(), dir, r)
	if unreachable := (*unreachableError)(nil); errors.As(err, &unreachable) {
		cannot("Flink cannot be downloaded: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	downloaded := time.Now()
	f := run(t, classpath, filepath.Join(dir, "Dump.java"))
	t.Logf("Flink %s: Maven took %.1fs, Java to start %.1fs", f.Version, downloaded.Sub(began).Seconds(), time.Since(downloaded).Seconds())
	return f
}

// An unreachableError says that the repository that Maven downloads from did not answer.
type unreachableError struct{ output string }

func (e *unreachableError) Error() string { return "Maven Central is not reachable: " + e.output }

// download makes Maven download a release, if it is not there yet, and returns its
// classpath. It does not use the network if everything is there.
func download(ctx context.Context, dir string, r Release) (classpath string, err error) {
	file := filepath.Join(dir, "classpath")
	ctx, cancel := context.WithTimeout(ctx, downloadTimeout)
	defer cancel()
	mvn := exec.CommandContext(ctx, "mvn", "--batch-mode", "--no-transfer-progress", "-Dstyle.color=never",
		"--update-snapshots", // which also asks again for what could not be had the last time
		"--file", filepath.Join(dir, "pom.xml"), "--activate-profiles", string(r), "-Dclasspath.file="+file, "validate")
	mvn.Env = append(os.Environ(), "MAVEN_OPTS="+strings.Join(append([]string{os.Getenv("MAVEN_OPTS")}, briefly...), " "))
	mvn.WaitDelay = time.Second
	output, err := mvn.CombinedOutput()
	switch {
	case ctx.Err() == context.DeadlineExceeded:
		return "", &unreachableError{"no end after " + downloadTimeout.String()}
	case err != nil && isUnreachable(output):
		return "", &unreachableError{firstError(output)}
	case err != nil:
		return "", errors.New("mvn: " + err.Error() + "\n" + string(output))
	}
	found, err := os.ReadFile(file)
	return strings.TrimSpace(string(found)), err
}

// isUnreachable reports whether the output of Maven says that the network failed. If Maven
// has reached the repository and has not found something ("Could not find artifact"), the
// pom is wrong.
func isUnreachable(output []byte) bool {
	return bytes.Contains(output, []byte("Could not transfer")) ||
		bytes.Contains(output, []byte("in offline mode"))
}

// firstError returns the first error in the output of Maven.
func firstError(output []byte) string {
	for line := range strings.Lines(string(output)) {
		if strings.HasPrefix(line, "[ERROR]") || strings.HasPrefix(line, "[FATAL]") {
			return strings.TrimSpace(line)
		}
	}
	return string(output)
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
