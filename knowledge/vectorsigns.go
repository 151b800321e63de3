package knowledge

import (
	"math"
	"math/bits"
	"runtime"
	"sync"
)

// signs keep of every vector one bit for each of some directions: on which side of the
// center of all vectors it lies. Two vectors that differ in few bits lie close
// together (Charikar, "Similarity Estimation Techniques from Rounding Algorithms",
// STOC 2002), and counting differing bits reads a thirty-second of what float32 takes. What the bits
// propose is measured exactly afterwards.
//
// The directions are those of a random rotation, because the values of an embedding
// need not be comparable: those of hashed words are zero in most places, and some
// models have values that all vectors share. For the same reason the center is taken off.
type signs struct {
	bits    int // a power of two, at least 64
	center  []float32
	blocks  [][]uint64
	flips   []float32 // of two rounds
	encoded int
}

// newSigns prepares the directions. They are the same in every process.
func newSigns(dim int) *signs {
	s := &signs{bits: 64}
	for s.bits < dim {
		s.bits *= 2
	}
	s.flips = make([]float32, 2*s.bits)
	state := uint64(0)
	for i := range s.flips {
		s.flips[i] = float32(splitMix(&state)>>63)*2 - 1
	}
	return s
}

// splitMix is a step of SplitMix64 (Steele, Lea, Flood 2014).
func splitMix(state *uint64) uint64 {
	*state += 0x9e3779b97f4a7c15
	z := *state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// words is how many 64 bits a vector takes.
func (s *signs) words() int { return s.bits / 64 }

// rotate turns a vector of s.bits values by two rounds of random changes of sign and
// the Walsh-Hadamard transform, which mixes all values in n log n steps. It also makes
// the vector longer, which signs do not tell.
func (s *signs) rotate(x []float32) {
	for round := range 2 {
		for i, flip := range s.flips[round*s.bits : (round+1)*s.bits] {
			x[i] *= flip
		}
		hadamard(x)
	}
}

func hadamard(x []float32) {
	for half := 1; half < len(x); half *= 2 {
		for from := 0; from < len(x); from += 2 * half {
			low, high := x[from:from+half], x[from+half:from+2*half]
			high = high[:len(low)]
			for i, a := range low {
				b := high[i]
				low[i], high[i] = a+b, a-b
			}
		}
	}
}

// encode writes the signs of a vector of s.bits values, which it destroys.
func (s *signs) encode(code []uint64, x []float32) {
	s.rotate(x)
	for w := range code {
		var word uint64
		for i, value := range x[64*w : 64*w+64] {
			word |= uint64(math.Float32bits(value)>>31) << i
		}
		code[w] = word
	}
}

func (s *signs) at(slot int32) []uint64 {
	from := int(slot) % slotsPerBlock * s.words()
	return s.blocks[slot/slotsPerBlock][from : from+s.words()]
}

// append encodes the vectors that have come since, on all processors where they are
// many.
func (s *signs) append(v *vectors) {
	from := s.encoded
	s.encoded = len(v.scales)
	for len(s.blocks)*slotsPerBlock < s.encoded {
		s.blocks = append(s.blocks, make([]uint64, slotsPerBlock*s.words()))
	}
	parts := 1 + min(runtime.GOMAXPROCS(0)-1, (s.encoded-from)/slotsPerBlock)
	var wait sync.WaitGroup
	for part := range parts {
		wait.Go(func() {
			n := s.encoded - from
			s.encodeRange(v, from+n*part/parts, from+n*(part+1)/parts)
		})
	}
	wait.Wait()
}

func (s *signs) encodeRange(v *vectors, from, to int) {
	buffer := make([]float32, s.bits)
	for slot := from; slot < to; slot++ {
		clear(buffer)
		for i, c := range s.center {
			buffer[i] = -c
		}
		v.add(buffer, int32(slot), 1)
		s.encode(s.at(int32(slot)), buffer)
	}
}

// distances counts for each slot of a block the bits that differ.
func distances(out []uint16, block, question []uint64) {
	switch len(question) {
	case 8:
		q := (*[8]uint64)(question)
		for i := range out {
			c := (*[8]uint64)(block[8*i:])
			out[i] = uint16(bits.OnesCount64(c[0]^q[0]) + bits.OnesCount64(c[1]^q[1]) +
				bits.OnesCount64(c[2]^q[2]) + bits.OnesCount64(c[3]^q[3]) +
				bits.OnesCount64(c[4]^q[4]) + bits.OnesCount64(c[5]^q[5]) +
				bits.OnesCount64(c[6]^q[6]) + bits.OnesCount64(c[7]^q[7]))
		}
	default:
		for i := range out {
			n, code := 0, block[i*len(question):(i+1)*len(question)]
			for w, q := range question {
				n += bits.OnesCount64(code[w] ^ q)
			}
			out[i] = uint16(n)
		}
	}
}

// truncate forgets the slots from n on.
func (s *signs) truncate(n int) {
	blocks := (n + slotsPerBlock - 1) / slotsPerBlock
	clear(s.blocks[blocks:])
	s.blocks, s.encoded = s.blocks[:blocks], n
}

// tables prepares weigh: for each byte of a code and each of its values the sum of the
// question's rotated values with those signs.
func (s *signs) tables(out, rotated []float32) {
	for i := 0; i < s.bits; i += 8 {
		table := (*[256]float32)(out[32*i:])
		table[0] = 0
		for _, x := range rotated[i : i+8] {
			table[0] += x
		}
		for bit, x := range rotated[i : i+8] {
			for j, sum := range table[:1<<bit] {
				table[1<<bit+j] = sum - 2*x
			}
		}
	}
}

// weigh is the inner product of the question's rotated vector with the signs of a code,
// which tells more than the number of different signs: a value near zero has a sign
// as well.
func weigh(tables []float32, code []uint64) float32 {
	var even, odd float32
	for w, word := range code {
		t := (*[8 * 256]float32)(tables[8*256*w:])
		even += t[word&255] + t[2*256+word>>16&255] + t[4*256+word>>32&255] + t[6*256+word>>48&255]
		odd += t[256+word>>8&255] + t[3*256+word>>24&255] + t[5*256+word>>40&255] + t[7*256+word>>56]
	}
	return even + odd
}
