package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"github.com/gofrs/uuid/v5"
)

// errCursor is the answer to every cursor that this service did not hand out
// for the same list.
var errCursor = errors.New("api: the cursor is not one of this list; start again without it")

// A cursor is the position of a page's last item, base64url over payload and
// check. The check covers the list's name and filters too, so that a cursor of
// another list, or one that was cut or mistyped, is told from a good one. It is
// no secret: whoever forges a position sees what he may see anyway.
const checkLen = 9

func sealCursor(list string, payload []byte) string {
	check := cursorCheck(list, payload)
	return base64.RawURLEncoding.EncodeToString(append(payload, check[:checkLen]...))
}

func openCursor(list, text string, length int) ([]byte, error) {
	if base64.RawURLEncoding.EncodedLen(length+checkLen) != len(text) {
		return nil, errCursor
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != length+checkLen {
		return nil, errCursor
	}
	payload, check := raw[:length], cursorCheck(list, raw[:length])
	if string(raw[length:]) != string(check[:checkLen]) {
		return nil, errCursor
	}
	return payload, nil
}

func cursorCheck(list string, payload []byte) [sha256.Size]byte {
	return sha256.Sum256(append([]byte(list+"\x00"), payload...))
}

// requestCursor is a position in the list of requests.
type requestCursor struct {
	receivedAt time.Time
	id         uuid.UUID
}

const requestCursorLen = 8 + uuid.Size

func (c requestCursor) seal(list string) string {
	payload := binary.BigEndian.AppendUint64(nil, uint64(c.receivedAt.UnixMicro())) //nolint:gosec // two's complement both ways
	return sealCursor(list, append(payload, c.id.Bytes()...))
}

func openRequestCursor(list, text string) (requestCursor, error) {
	payload, err := openCursor(list, text, requestCursorLen)
	if err != nil {
		return requestCursor{}, err
	}
	at := time.UnixMicro(int64(binary.BigEndian.Uint64(payload))).UTC() //nolint:gosec // two's complement both ways
	if at.Year() < 0 || at.Year() > 9999 {
		return requestCursor{}, errCursor // PostgreSQL's own range is narrower than an int64
	}
	return requestCursor{at, uuid.UUID(payload[8:])}, nil
}

// auditCursorLen holds the id of an entry of the audit log.
const auditCursorLen = 8

func sealAuditCursor(list string, id int64) string {
	return sealCursor(list, binary.BigEndian.AppendUint64(nil, uint64(id))) //nolint:gosec // two's complement both ways
}

func openAuditCursor(list, text string) (int64, error) {
	payload, err := openCursor(list, text, auditCursorLen)
	if err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(payload)), nil //nolint:gosec // two's complement both ways
}
