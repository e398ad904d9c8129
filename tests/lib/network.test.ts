import { networkOf, plainAddress } from '../../src/lib/network.ts';

test('a limit is for an IPv4 address, or for 64 bits of an IPv6 one, however it is written', () => {
  expect(networkOf('192.0.2.7')).toBe('192.0.2.7');
  const ways = ['2001:db8:1:2::7', '2001:0db8:0001:0002:aaaa:bbbb:cccc:dddd', '2001:DB8:1:2:0:0:0:1'];
  expect(new Set(ways.map(networkOf))).toEqual(new Set(['2001:db8:1:2::/64']));
  expect(networkOf('2001:db8:1:3::7')).toBe('2001:db8:1:3::/64');
  expect(networkOf('::1')).toBe('0:0:0:0::/64');
  expect(networkOf('fe80::1:2:3:4:5')).toBe('fe80:0:0:1::/64');
});

test('an address is one text, and what is none is none', () => {
  expect(plainAddress('::ffff:192.0.2.7')).toBe('192.0.2.7');
  expect(plainAddress('fe80::1%eth0')).toBe('fe80::1');
  expect([plainAddress('unknown'), plainAddress(''), plainAddress('1.2.3.4, 5.6.7.8')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
