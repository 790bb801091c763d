package run

// ExitCode returns the exit code of a program for an error of Local.
var ExitCode = exitCode

// Figure returns the sum of a figure of an operator over its subtasks.
func (m *Monitor) Figure(operator, name string) (sum int64) {
	for _, r := range m.inner.Metrics.Read() {
		if r.Operator == operator && r.Name == name {
			sum += r.Number
		}
	}
	return sum
}
