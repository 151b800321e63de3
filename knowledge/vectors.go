package knowledge

import (
	"encoding/binary"
	"math"
)

// slotsPerBlock is how many vectors share one allocation: an index grows without
// copying what it has, and without twice its memory while it does.
const slotsPerBlock = 1024

// PackVector writes a vector as whole numbers of 16 bits and their scale, half the size
// of float32. Of a vector of unit length a cosine then differs by about 1e-6, a
// hundredth of what halves of IEEE 754 make.
func PackVector(v []float32) []byte {
	var largest float32
	for _, x := range v {
		largest = max(largest, x, -x)
	}
	scale := largest / math.MaxInt16
	packed := binary.LittleEndian.AppendUint32(make([]byte, 0, 4+2*len(v)), math.Float32bits(scale))
	for _, x := range v {
		n := int16(0)
		if scale > 0 {
			n = int16(math.RoundToEven(float64(x / scale)))
		}
		packed = binary.LittleEndian.AppendUint16(packed, uint16(n))
	}
	return packed
}

// vectors keeps packed vectors by slot.
type vectors struct {
	dim    int
	blocks [][]int16
	scales []float32
}

// append takes what PackVector wrote.
func (v *vectors) append(packed []byte) {
	slot := len(v.scales)
	if slot/slotsPerBlock == len(v.blocks) {
		v.blocks = append(v.blocks, make([]int16, 0, v.first(slot)*v.dim))
	}
	block := &v.blocks[slot/slotsPerBlock]
	for i := range v.dim {
		*block = append(*block, int16(binary.LittleEndian.Uint16(packed[4+2*i:])))
	}
	v.scales = append(v.scales, math.Float32frombits(binary.LittleEndian.Uint32(packed)))
}

// first is the capacity a new block starts with: a shop with ten passages does not pay
// for a thousand.
func (v *vectors) first(slot int) int {
	if slot == 0 {
		return 16
	}
	return slotsPerBlock
}

func (v *vectors) at(slot int32) []int16 {
	from := int(slot) % slotsPerBlock * v.dim
	return v.blocks[slot/slotsPerBlock][from : from+v.dim]
}

// move copies a vector to another slot.
func (v *vectors) move(from, to int32) {
	copy(v.at(to), v.at(from))
	v.scales[to] = v.scales[from]
}

// truncate forgets the slots from n on.
func (v *vectors) truncate(n int) {
	blocks := (n + slotsPerBlock - 1) / slotsPerBlock
	clear(v.blocks[blocks:])
	v.blocks = v.blocks[:blocks]
	if blocks > 0 {
		v.blocks[blocks-1] = v.blocks[blocks-1][:(n-(blocks-1)*slotsPerBlock)*v.dim]
	}
	v.scales = v.scales[:n]
}

// cosine is the inner product of the question's vector with that of a slot.
func (v *vectors) cosine(question []float32, slot int32) float64 {
	return float64(dot(question, v.at(slot)) * v.scales[slot])
}

// add adds the vector of a slot, times a factor, to sum.
func (v *vectors) add(sum []float32, slot int32, factor float32) {
	factor *= v.scales[slot]
	for i, n := range v.at(slot) {
		sum[i] += float32(n) * factor
	}
}

// dot is the inner product of two vectors of equal length. Four sums let the
// processor work on several products at once.
func dot(a []float32, b []int16) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(a); i += 4 {
		x, y := a[i:i+4:i+4], b[i:i+4:i+4]
		s0 += x[0] * float32(y[0])
		s1 += x[1] * float32(y[1])
		s2 += x[2] * float32(y[2])
		s3 += x[3] * float32(y[3])
	}
	for ; i < len(a); i++ {
		s0 += a[i] * float32(b[i])
	}
	return s0 + s1 + s2 + s3
}
