package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/rpc"
)

// rpcTime is the longest that anything may take here.
const rpcTime = 10 * time.Second

// runRPC is the mode "rpc": go-ethereum's rpc.Client does all that it can do with the
// server at a URL, or at the path of a socket, which has a namespace foo.
func runRPC(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: geth-peer rpc URL")
	}
	ctx, cancel := context.WithTimeout(context.Background(), rpcTime)
	defer cancel()
	client, err := rpc.DialContext(ctx, args[0])
	if err != nil {
		return err
	}
	defer client.Close()
	for _, step := range []func(context.Context, *rpc.Client) error{
		rpcCalls, rpcFailure, rpcBatch, rpcOutOfOrder, rpcSubscription,
	} {
		if err := step(ctx, client); err != nil {
			return err
		}
	}
	return nil
}

func rpcCalls(ctx context.Context, client *rpc.Client) error {
	modules, err := client.SupportedModules()
	if err != nil {
		return err
	}
	emit("modules", "modules", modules)
	var doubled int
	if err := client.CallContext(ctx, &doubled, "foo_double", 21); err != nil {
		return err
	}
	emit("called", "result", doubled)
	// The client takes an answer without a result for an error.
	var nothing json.RawMessage
	if err := client.CallContext(ctx, &nothing, "foo_nothing"); err != nil {
		return err
	}
	emit("called", "result", nothing)
	return nil
}

func rpcFailure(ctx context.Context, client *rpc.Client) error {
	emitFailure(client.CallContext(ctx, nil, "foo_fail"))
	return nil
}

// emitFailure prints all that an error of the server says.
func emitFailure(err error) {
	var code rpc.Error
	var data rpc.DataError
	if !errors.As(err, &code) {
		emit("failed", "message", fmt.Sprint(err))
	} else if errors.As(err, &data) && data.ErrorData() != nil {
		emit("failed", "code", code.ErrorCode(), "message", err.Error(), "data", data.ErrorData())
	} else {
		emit("failed", "code", code.ErrorCode(), "message", err.Error())
	}
}

func rpcBatch(ctx context.Context, client *rpc.Client) error {
	var first, last int
	batch := []rpc.BatchElem{
		{Method: "foo_double", Args: []any{1}, Result: &first},
		{Method: "foo_missing"},
		{Method: "foo_double", Args: []any{2}, Result: &last},
	}
	if err := client.BatchCallContext(ctx, batch); err != nil {
		return err
	}
	emit("batch", "results", []int{first, last}, "errors", []any{
		batch[0].Error, fmt.Sprint(batch[1].Error), batch[2].Error,
	})
	return nil
}

// rpcOutOfOrder asks twice at the same time. What was asked first is answered last.
func rpcOutOfOrder(ctx context.Context, client *rpc.Client) error {
	slow := make(chan error, 1)
	go func() { slow <- client.CallContext(ctx, nil, "foo_slow") }()
	// It is under way.
	if err := client.CallContext(ctx, nil, "foo_begun"); err != nil {
		return err
	}
	select {
	case err := <-slow:
		return fmt.Errorf("it was answered too early: %v", err)
	default:
		emit("answered", "call", "fast")
	}
	if err := client.CallContext(ctx, nil, "foo_finish"); err != nil {
		return err
	}
	if err := <-slow; err != nil {
		return err
	}
	emit("answered", "call", "slow")
	return nil
}

func rpcSubscription(ctx context.Context, client *rpc.Client) error {
	if !client.SupportsSubscriptions() {
		emitFailure(client.CallContext(ctx, nil, "foo_subscribe", "countdown", 3))
		return nil
	}
	_, err := client.Subscribe(ctx, "foo", make(chan int), "nosuch")
	emitFailure(err)
	events := make(chan int)
	subscription, err := client.Subscribe(ctx, "foo", events, "countdown", 3)
	if err != nil {
		return err
	}
	for number := -1; number != 0; {
		select {
		case number = <-events:
			emit("told", "number", number)
		case err := <-subscription.Err():
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	subscription.Unsubscribe()
	// Answered when nobody is told anything any more.
	if err := client.CallContext(ctx, nil, "foo_quiet"); err != nil {
		return err
	}
	emit("unsubscribed")
	return nil
}
