package load

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Process is one process of a running system: the one of this machine that has an
// argument of its own, such as the file of its configuration.
type Process struct{ Name, Argument string }

// Usage is what a process took while operations were measured.
type Usage struct {
	Name string `json:"name"`
	// CPUSeconds are of all cores together; CPUMillis those of one operation.
	CPUSeconds float64 `json:"cpu_seconds"`
	CPUMillis  float64 `json:"cpu_ms_per_operation"`
	// MemoryMiB is resident at the end, PeakMiB the most since the process began.
	MemoryMiB float64 `json:"memory_mib"`
	PeakMiB   float64 `json:"memory_peak_mib"`
	// MemoryOver is the memory at equal distances of the time measured, MiB.
	MemoryOver []float64 `json:"memory_over_time_mib"`
}

// ticks is USER_HZ, in which Linux gives processes' times (proc(5)).
const ticks = 100

// consumed is what each process has taken so far. A process that does not run is left
// out.
func consumed(processes []Process) map[string]Usage {
	all := map[string]Usage{}
	commands, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	self := fmt.Sprintf("/proc/%d/cmdline", os.Getpid())
	for _, file := range commands {
		if file == self {
			continue
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		arguments := strings.Split(string(bytes.TrimRight(raw, "\x00")), "\x00")
		for _, p := range processes {
			if slices.Contains(arguments, p.Argument) {
				if used, err := usageOf(filepath.Dir(file)); err == nil {
					used.Name = p.Name
					all[p.Name] = used
				}
			}
		}
	}
	return all
}

// usageOf reads a folder of /proc.
func usageOf(dir string) (u Usage, err error) {
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return u, err
	}
	// The name, in parentheses, may hold anything; utime and stime are the 12th and
	// 13th field after it.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 13 {
		return u, fmt.Errorf("read %s/stat: it has %d fields", dir, len(fields))
	}
	for _, field := range fields[11:13] {
		n, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return u, fmt.Errorf("read %s/stat: %w", dir, err)
		}
		u.CPUSeconds += float64(n) / ticks
	}
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return u, err
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		kib, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
		switch name {
		case "VmRSS":
			u.MemoryMiB = kib / 1024
		case "VmHWM":
			u.PeakMiB = kib / 1024
		}
	}
	return u, nil
}

// since is what was used after before.
func since(before, after map[string]Usage, operations int) []Usage {
	var all []Usage
	for name, u := range after {
		u.CPUSeconds -= before[name].CPUSeconds
		if operations > 0 {
			u.CPUMillis = 1000 * u.CPUSeconds / float64(operations)
		}
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b Usage) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// ownTime is what this process, which makes the load, has taken itself.
func ownTime() time.Duration {
	u, err := usageOf("/proc/self")
	if err != nil {
		return 0
	}
	return seconds(u.CPUSeconds)
}
