package desk

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// The cost of new hashes: 19 MiB and two passes, the least that OWASP's password
// storage cheat sheet recommends for argon2id.
const (
	hashMemory  = 19 << 10 // KiB
	hashPasses  = 2
	hashThreads = 1
	hashSize    = 32
	saltSize    = 16
)

// The bounds of what verify computes, so that a row in the store can't ask for
// all the memory.
const (
	maxMemory = 256 << 10 // KiB
	maxPasses = 16
)

// The bounds of a password: short ones are guessed, and long ones only cost time.
const (
	minPassword = 8
	maxPassword = 1024
)

// nobody is the hash of a password that nobody has. It is verified for names that
// don't exist, so that the time tells nothing about them.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$cmVjYWRvLW5vYm9keS0xMg$" +
	"q0y7m3XW2h2rT0Yw3n0v1o5cG0bqv3Yk8m4i9sZtQ2A"

// HashPassword makes the encoded argon2id hash of a password, in the PHC string
// format, with a fresh salt. The password needs 8 characters and at most 1024
// bytes; the error says so in words for the person who chose it.
func HashPassword(password string) (string, error) {
	if utf8.RuneCountInString(password) < minPassword {
		return "", fmt.Errorf("a password needs at least %d characters", minPassword)
	}
	if len(password) > maxPassword {
		return "", fmt.Errorf("a password has at most %d bytes", maxPassword)
	}
	salt := make([]byte, saltSize)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("make a salt: %w", err)
	}
	key := argon2.IDKey([]byte(password), salt, hashPasses, hashMemory, hashThreads, hashSize)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, hashMemory, hashPasses, hashThreads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

// errHash says that a stored hash can't be used; it repeats nothing of it.
var errHash = errors.New("the stored password hash can't be read")

// verify tells whether the password belongs to the encoded hash, which may have
// been made at another cost.
func verify(encoded, password string) (bool, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return false, errHash
	}
	var version int
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false, errHash
	}
	var memory, passes uint32
	var threads uint8
	_, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &threads)
	if err != nil || memory == 0 || memory > maxMemory || passes == 0 || passes > maxPasses || threads == 0 {
		return false, errHash
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, errHash
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) < hashSize/2 || len(want) > 2*hashSize {
		return false, errHash
	}
	if len(password) > maxPassword {
		return false, nil
	}
	//nolint:gosec // the length was bounded above
	got := argon2.IDKey([]byte(password), salt, passes, memory, threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}
