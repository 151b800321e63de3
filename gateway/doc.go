// Package gateway is the heart of Recado: conversations, turns, decisions and
// the workers that carry a message from the webhook to the reply.
package gateway
