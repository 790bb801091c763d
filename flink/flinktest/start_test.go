package flinktest

import "testing"

// TestIsUnreachable has the output of Maven without a network, and with a pom that asks for
// something that does not exist. Only the first is a reason to skip a test.
func TestIsUnreachable(t *testing.T) {
	for output, want := range map[string]bool{
		"[ERROR] Failed to read artifact descriptor: Could not transfer artifact a:b:pom:1 from/to central: Unknown host": true,
		"[ERROR] Cannot access central in offline mode and the artifact a:b:jar:1 has not been downloaded":                true,
		"[ERROR] Could not resolve dependencies: Could not find artifact a:b:jar:1 in central":                            false,
		"[FATAL] Non-parseable POM": false,
	} {
		if got := isUnreachable([]byte(output)); got != want {
			t.Errorf("isUnreachable is %t for %s", got, output)
		}
	}
}
