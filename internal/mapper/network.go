package mapper

import (
	"net"
	"net/netip"
	"reflect"
	"unsafe"

	"github.com/jackc/pgx/v5/pgtype"
)

// pairNet compiles addresses: netip.Addr and net.IP are single hosts,
// netip.Prefix and net.IPNet have a netmask.
func pairNet(c *column, t reflect.Type) bool {
	switch c.pg.wire {
	case wireMacaddr:
		if t == reflect.TypeFor[net.HardwareAddr]() {
			return c.coded(macCodec{})
		}
	case wireInet, wireCIDR:
		switch t {
		case reflect.TypeFor[netip.Addr]():
			return c.coded(inetCodec{
				get: func(at unsafe.Pointer) netip.Prefix { a := *(*netip.Addr)(at); return host(a) },
				set: func(dst unsafe.Pointer, p netip.Prefix) { store(dst, p.Addr()) },
			})
		case reflect.TypeFor[netip.Prefix]():
			return c.coded(inetCodec{
				get:   func(at unsafe.Pointer) netip.Prefix { return *(*netip.Prefix)(at) },
				set:   func(dst unsafe.Pointer, p netip.Prefix) { store(dst, p) },
				masks: true,
			})
		case reflect.TypeFor[net.IP]():
			return c.coded(inetCodec{
				get: func(at unsafe.Pointer) netip.Prefix {
					a, _ := netip.AddrFromSlice(load[net.IP](at))
					return host(a.Unmap())
				},
				set: func(dst unsafe.Pointer, p netip.Prefix) { store(dst, net.IP(p.Addr().AsSlice())) },
			})
		case reflect.TypeFor[net.IPNet]():
			return c.coded(inetCodec{get: prefixOfNet, set: setNet, masks: true})
		}
	}
	return false
}

func host(a netip.Addr) netip.Prefix {
	if !a.IsValid() || a.Zone() != "" {
		return netip.Prefix{}
	}
	return netip.PrefixFrom(a, a.BitLen())
}

func prefixOfNet(at unsafe.Pointer) netip.Prefix {
	n := (*net.IPNet)(at)
	a, ok := netip.AddrFromSlice(n.IP)
	ones, bits := n.Mask.Size()
	if a = a.Unmap(); !ok || bits == 0 {
		return netip.Prefix{}
	}
	return netip.PrefixFrom(a, ones-bits+a.BitLen())
}

func setNet(dst unsafe.Pointer, p netip.Prefix) {
	store(dst, net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())})
}

// inetCodec is an address as inet or cidr.
type inetCodec struct {
	get   func(at unsafe.Pointer) netip.Prefix // invalid when it cannot be stored
	set   func(dst unsafe.Pointer, p netip.Prefix)
	masks bool // the type has a netmask
}

// The families and the header on the wire, from utils/inet.h.
const (
	familyIPv4 = 2
	familyIPv6 = 3
	inetHeader = 4 // family, bits, is cidr, length
)

func (n inetCodec) prefix(c *column, at unsafe.Pointer) (netip.Prefix, error) {
	p := n.get(at)
	switch {
	case !p.IsValid():
		return p, c.valueErr("is no address, or one with a zone, which PostgreSQL cannot hold; use a pointer for NULL")
	case c.pg.wire == wireCIDR && p != p.Masked():
		return p, c.valueErr("has bits behind its netmask, which cidr cannot hold; use Masked, or the type inet")
	}
	return p, nil
}

func (n inetCodec) encode(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	p, err := n.prefix(c, at)
	if err != nil {
		return nil, err
	}
	family, cidr := byte(familyIPv4), byte(0)
	if !p.Addr().Is4() {
		family = familyIPv6
	}
	if c.pg.wire == wireCIDR {
		cidr = 1
	}
	address := p.Addr().AsSlice()
	buf = append(buf, family, byte(p.Bits()), cidr, byte(len(address)))
	return append(buf, address...), nil
}

func (n inetCodec) literal(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	p, err := n.prefix(c, at)
	if err != nil {
		return nil, err
	}
	return p.AppendTo(buf), nil
}

func (n inetCodec) decode(d *decodeColumn, dst unsafe.Pointer, src []byte) error {
	p, err := d.prefix(src)
	switch {
	case err != nil:
		return err
	case !n.masks && !p.IsSingleIP():
		return d.stored("has a netmask; use netip.Prefix")
	}
	n.set(dst, p)
	return nil
}

// prefix reads an inet or a cidr.
func (d *decodeColumn) prefix(src []byte) (netip.Prefix, error) {
	if len(src) < inetHeader || len(src) != inetHeader+int(src[3]) {
		return netip.Prefix{}, d.malformed("address of another length than it says")
	}
	a, ok := netip.AddrFromSlice(src[inetHeader:])
	if family := src[0]; !ok || a.Is4() != (family == familyIPv4) || family != familyIPv4 && family != familyIPv6 || int(src[1]) > a.BitLen() {
		return netip.Prefix{}, d.malformed("address of an unknown family or netmask")
	}
	return netip.PrefixFrom(a, int(src[1])), nil
}

// macCodec is a net.HardwareAddr as macaddr or macaddr8.
type macCodec struct{}

func macLength(pg *pgType) int {
	if pg.oid == pgtype.Macaddr8OID {
		return 8
	}
	return 6
}

func (macCodec) address(c *column, at unsafe.Pointer) (net.HardwareAddr, error) {
	a := load[net.HardwareAddr](at)
	if len(a) != macLength(&c.pg) {
		return nil, c.valueErr("has not the length of a " + c.pg.name + "; use a pointer for NULL")
	}
	return a, nil
}

func (m macCodec) encode(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	a, err := m.address(c, at)
	if err != nil {
		return nil, err
	}
	return append(buf, a...), nil
}

func (m macCodec) literal(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	a, err := m.address(c, at)
	if err != nil {
		return nil, err
	}
	return append(buf, a.String()...), nil
}

func (macCodec) decode(d *decodeColumn, dst unsafe.Pointer, src []byte) error {
	if want := macLength(&d.in.pg); len(src) != want {
		return d.badLength(src, want)
	}
	store(dst, append(net.HardwareAddr(nil), src...))
	return nil
}
