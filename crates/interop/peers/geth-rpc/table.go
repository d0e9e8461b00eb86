package main

import (
	"flag"
	"time"

	"github.com/ethereum/go-ethereum/node"
	"github.com/ethereum/go-ethereum/rpc"
)

// runTable is the mode "table": the transports, as the recorded cases describe them.
func runTable(args []string) error {
	flags := flag.NewFlagSet("table", flag.ExitOnError)
	ipc := flags.String("ipc", "", "path of the socket")
	pace := flags.Int("pace", 1, "how many times as long as they should t_sleep and its limit take")
	flags.Parse(args)
	service := &service{pace: time.Duration(*pace), marks: make(map[string]int)}

	// Not that of a node, which shows its other namespaces there.
	api := rpc.API{Namespace: "t", Service: service}
	listener, server, err := rpc.StartIPCEndpoint(*ipc, []rpc.API{api})
	if err != nil {
		return err
	}
	defer server.Stop()
	defer listener.Close()

	ready := map[string]any{"ipc": *ipc}
	for name, profile := range profiles(time.Duration(*pace)) {
		stack, err := startProfile(profile, api)
		if err != nil {
			return err
		}
		defer stack.Close()
		ready[name] = stack.HTTPEndpoint()
	}
	emit("ready", ready)
	untilStop()
	return nil
}

// profiles is what the recorded cases say of each.
func profiles(pace time.Duration) map[string]node.Config {
	short := rpc.DefaultHTTPTimeouts
	// A call is given up 100 ms before.
	short.WriteTimeout = 900*time.Millisecond*pace + 100*time.Millisecond
	return map[string]node.Config{
		"default": {HTTPVirtualHosts: []string{"localhost"}},
		"rules": {
			HTTPVirtualHosts: []string{"box.example"},
			HTTPCors:         []string{"http://a.example", "http://*.b.example"},
			WSOrigins:        []string{"http://a.example", "https://c.example:8443", "d.example"},
		},
		"special": {
			HTTPVirtualHosts: []string{"localhost"},
			HTTPPathPrefix:   "/rpc",
			WSPathPrefix:     "/ws",
			HTTPTimeouts:     short,
		},
	}
}

// startProfile starts HTTP and WebSocket on one port.
func startProfile(config node.Config, api rpc.API) (*node.Node, error) {
	config.HTTPHost, config.WSHost = "127.0.0.1", "127.0.0.1"
	config.HTTPModules, config.WSModules = []string{"t"}, []string{"t"}
	config.BatchRequestLimit = node.DefaultConfig.BatchRequestLimit
	config.BatchResponseMaxSize = node.DefaultConfig.BatchResponseMaxSize
	config.HTTPBodyLimit = node.DefaultConfig.HTTPBodyLimit
	if config.HTTPTimeouts == (rpc.HTTPTimeouts{}) {
		config.HTTPTimeouts = rpc.DefaultHTTPTimeouts
	}
	config.P2P.NoDiscovery = true
	stack, err := node.New(&config)
	if err != nil {
		return nil, err
	}
	stack.RegisterAPIs([]rpc.API{api})
	return stack, stack.Start()
}
