package main

import (
	"errors"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"
)

// benchLimit bounds every wait of a benchmark.
const benchLimit = time.Minute

// benchRest is the rest before each sample: who has slept is given a whole time
// slice at once, on a busy machine too.
const benchRest = 2 * time.Millisecond

// benchmark is what the flags of the mode "bench" say.
type benchmark struct {
	samples, count, size, peers int
	loopback                    bool
}

// runBench is the mode "bench CASE [flags]": go-ethereum's half of our benchmark.
// It prints how long each sample took, in nanoseconds.
func runBench(args []string) error {
	cases := map[string]func(b benchmark) ([]int64, error){
		"handshake":   benchmark.handshakes,  // bench_rlpx.go
		"frames":      benchmark.frames,      // bench_rlpx.go
		"messages":    benchmark.messages,    // bench_servers.go
		"round-trips": benchmark.roundTrips,  // bench_servers.go
		"connections": benchmark.connections, // bench_visitors.go
		"fan-out":     benchmark.fanOut,      // bench_visitors.go
	}
	if len(args) == 0 {
		return errors.New("bench needs a case, flags come after it")
	}
	var b benchmark
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.IntVar(&b.samples, "samples", 1, "how often the case is timed")
	flags.IntVar(&b.count, "count", 1, "handshakes, messages … in each sample")
	flags.IntVar(&b.size, "size", 64, "bytes of frame-data or payload, which do not compress")
	flags.IntVar(&b.peers, "peers", 1, "peers that are written to, or held")
	flags.BoolVar(&b.loopback, "loopback", false, "over TCP instead of in memory")
	oneCore := flags.Bool("one-core", false, "use one core instead of all")
	flags.Parse(args[1:])
	if *oneCore {
		runtime.GOMAXPROCS(1)
	}

	switch run := cases[args[0]]; {
	case run != nil:
		took, err := run(b)
		if err == nil {
			emit("bench", "ns", took)
		}
		return err
	case args[0] == "hold":
		return b.hold() // bench_visitors.go
	case args[0] == "rpc":
		return b.rpc() // bench_rpc.go
	case args[0] == "versions":
		return printVersions()
	}
	return fmt.Errorf("no benchmark is called %q", args[0])
}

// timeSteps times b.samples runs of b.count steps each.
func (b benchmark) timeSteps(step func() error) (took []int64, err error) {
	for range b.samples {
		time.Sleep(benchRest)
		begin := time.Now()
		for range b.count {
			if err := step(); err != nil {
				return nil, err
			}
		}
		took = append(took, time.Since(begin).Nanoseconds())
	}
	return took, nil
}

// printVersions tells what is measured here.
func printVersions() error {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("this program was built without Go modules")
	}
	for _, module := range build.Deps {
		if module.Path == "github.com/ethereum/go-ethereum" {
			emit("versions", "go", runtime.Version(), "geth", module.Version)
			return nil
		}
	}
	return errors.New("go-ethereum is not in this program")
}

// noise is the same bytes as in our benchmark: they do not compress.
func noise(size int) []byte {
	state := uint64(1)
	bytes := make([]byte, size)
	for i := range bytes {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		bytes[i] = byte(state)
	}
	return bytes
}
