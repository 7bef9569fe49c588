package report

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire" // fields of protocol buffers; Google, BSD
)

// eventFile writes scalars as TensorBoard reads them: records of protocol
// buffers (tensorflow/core/util/event.proto, framework/summary.proto), each
// framed by its length and masked checksums (tensorflow/core/lib/io/
// record_writer.h).
type eventFile struct {
	out  io.Writer
	time float64 // of every event, seconds since 1970
	err  error
}

// Numbers of the fields that are written.
const (
	eventTime, eventStep, eventVersion, eventSummary = 1, 2, 3, 5
	summaryValue                                     = 1
	valueTag, valueScalar                            = 1, 2
)

func newEventFile(out io.Writer, at time.Time) *eventFile {
	f := &eventFile{out: out, time: float64(at.Unix())}
	f.record(protowire.AppendString(protowire.AppendTag(f.event(), eventVersion, protowire.BytesType), "brain.Event:2"))
	return f
}

func (e *eventFile) event() []byte {
	return protowire.AppendFixed64(protowire.AppendTag(nil, eventTime, protowire.Fixed64Type), math.Float64bits(e.time))
}

// scalar adds one value; an error is kept for the end.
func (e *eventFile) scalar(tag string, step int64, value float64) {
	scalar := protowire.AppendString(protowire.AppendTag(nil, valueTag, protowire.BytesType), tag)
	scalar = protowire.AppendTag(scalar, valueScalar, protowire.Fixed32Type)
	scalar = protowire.AppendFixed32(scalar, math.Float32bits(float32(value)))
	summary := protowire.AppendBytes(protowire.AppendTag(nil, summaryValue, protowire.BytesType), scalar)
	event := protowire.AppendVarint(protowire.AppendTag(e.event(), eventStep, protowire.VarintType), uint64(step))
	e.record(protowire.AppendBytes(protowire.AppendTag(event, eventSummary, protowire.BytesType), summary))
}

func (e *eventFile) record(data []byte) {
	if e.err != nil {
		return
	}
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	frame := binary.LittleEndian.AppendUint32(length, masked(length))
	frame = binary.LittleEndian.AppendUint32(append(frame, data...), masked(data))
	_, e.err = e.out.Write(frame)
}

// masked is the checksum of a record, rotated and shifted so that a file that
// holds checksums can be checked itself.
func masked(data []byte) uint32 {
	sum := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
	return (sum>>15 | sum<<17) + 0xa282ead8
}
