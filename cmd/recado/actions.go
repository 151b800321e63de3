package main

import (
	"errors"
	"os"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/orders"
	"github.com/recado/recado/rag/action"
)

// openPolicy reads the shop's rules for what may be done with orders; nil means the
// usual ones.
func openPolicy(s settings) (*action.Policy, error) {
	if s.Actions == "" {
		return nil, nil //nolint:nilnil // nil is the book's own word for the usual rules
	}
	f, err := os.Open(s.Actions)
	if err != nil {
		return nil, usagef("RECADO_ACTIONS: the file can't be opened: %v", errors.Unwrap(err))
	}
	defer f.Close()
	p, err := action.ReadPolicy(f)
	if err != nil {
		return nil, usagef("RECADO_ACTIONS: %v", err)
	}
	return &p, nil
}

// writes gives what carries writes to the shop's system and what makes the codes that
// some of them need. Without rules nothing is written: a shop whose system does not
// listen would leave its customers waiting for a word on every wish.
func (s *site) writes() (gateway.Wire, gateway.Codes, error) {
	if s.settings.Actions == "" && !s.settings.demo {
		return nil, nil, nil
	}
	wire, err := orders.NewWire(orders.WireConfig{Client: s.orders.client, Logger: s.log})
	if err != nil {
		return nil, nil, err
	}
	codes, err := orders.NewCodes(orders.CodesConfig{Client: s.orders.client, Key: []byte(s.settings.CodeKey)})
	if err != nil {
		return nil, nil, err
	}
	return wire, codes, nil
}
