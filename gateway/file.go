package gateway

import (
	"context"
	"errors"
	"io"
	"time"
)

// FileState is how far the fetching of a file has come.
type FileState string

// The states of a file.
const (
	// FileWaiting: it is still to be fetched, or to be tried again.
	FileWaiting FileState = "waiting"
	// FileStored: it is kept under our own name.
	FileStored FileState = "stored"
	// FileFailed: it can't be had. That is kept as data, and the agent is told.
	FileFailed FileState = "failed"
)

// FileWait is how long a turn waits for the files of its messages. After it the turn
// is taken without them.
const FileWait = 45 * time.Second

// File is a file of a message, to be fetched or to be shown.
type File struct {
	// ID is ours, a UUIDv7; it is also the name that the content is kept under.
	ID             string
	ConversationID string
	Channel        string
	// Message is the message's type, such as "image" or "audio", Caption its text,
	// and Language what the conversation is held in, or empty.
	Message  string
	Caption  string
	Language string
	// At is the provider's time of the message: the channel keeps a file for 7 days.
	At    time.Time
	Media Media

	// Attempt counts the attempts including this one, from 1, and Lease is the
	// fencing token of this one. NextFile fills both.
	Attempt int
	Lease   string
}

// FileResult is what one attempt to fetch a file gave.
type FileResult struct {
	// State is FileStored, FileFailed, or FileWaiting to try again at RetryAt.
	State   FileState
	RetryAt time.Time
	// Type, Size and SHA256 (lower-case hex) are those of the content.
	Type   string
	Size   int64
	SHA256 string
	// Words are what a model heard or saw.
	Words string
	// Error says why there is no content, in our words.
	Error *SendError
}

// Files hands out the files that are to be fetched. Claim makes one for each message
// and echo with media when it files the event, in state FileWaiting and due at once.
// The turn of a conversation waits for the files of its waiting messages: it is not
// due before they are settled, or FileWait after the message was received. A file of a
// message that was withdrawn is handed out once more, in state FileFailed, so that its
// content is removed.
type Files interface {
	// NextFile leases the file that has been due longest. A lease that ran out makes
	// it due again. ErrNoWork says there is none.
	NextFile(ctx context.Context, now time.Time, lease time.Duration) (*File, error)
	// SettleFile notes how the attempt ended, and what the conversation waits for
	// then. A lost lease gives ErrLeaseLost and changes nothing. A file of a message
	// that was withdrawn stays in FileFailed, whatever the result says: with FileFailed
	// it is done with, with FileStored it is due again at once, because now there is
	// content to be removed, and with FileWaiting at RetryAt.
	SettleFile(ctx context.Context, f *File, r FileResult) error
	// File gives one, or ErrNotFound.
	File(ctx context.Context, id string) (File, error)
}

// The errors of fetching a file that no further attempt can mend. Any other error is
// tried again.
var (
	// ErrFileGone says that the channel has the file no more, or never had it.
	ErrFileGone = errors.New("the channel does not have the file")
	// ErrFileTooLarge says that the file is larger than is taken.
	ErrFileTooLarge = errors.New("the file is too large")
	// ErrFileDamaged says that the content is not what the channel's hash says.
	ErrFileDamaged = errors.New("the file is damaged")
)

// FileSource gets customers' files from the channel.
type FileSource interface {
	// Fetch writes the content of a file, at most limit bytes, and checks its hash
	// when there is one. What was written before an error is to be thrown away.
	// ErrFileGone, ErrFileTooLarge and ErrFileDamaged are final, other errors pass.
	Fetch(ctx context.Context, f *File, w io.Writer, limit int64) error
}

// Vault keeps the content of files under our own names.
type Vault interface {
	// Put keeps size bytes of content under an id, whole or not at all; content of
	// the same id is replaced. mime is its type. More or less content than size is an
	// error and changes nothing.
	Put(ctx context.Context, id string, content io.Reader, size int64, mime string) error
	// Open gives the content, or ErrNotFound. The caller closes it.
	Open(ctx context.Context, id string) (io.ReadCloser, error)
	// Remove forgets the content; an id without any is no error.
	Remove(ctx context.Context, id string) error
	// Ping says whether content could be put and opened now.
	Ping(ctx context.Context) error
}

// Transcriber turns speech into text. language is "es", "en" or empty. Silence, and
// noise without words, give "".
type Transcriber interface {
	Transcribe(ctx context.Context, audio io.Reader, mime, language string) (string, error)
}

// Describer says in words what an image shows, for somebody who has to answer it, in
// the language given. caption is what the customer wrote below it, untrusted.
type Describer interface {
	Describe(ctx context.Context, image []byte, mime, caption, language string) (string, error)
}

// Presence shows the customer that their message is read and an answer is being
// written. messageID is the provider's id of the customer's newest message. Failing is
// no harm.
type Presence interface {
	Typing(ctx context.Context, channel, messageID string) error
}
