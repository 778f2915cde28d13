import test from 'ava'
import { headerFault, requestText } from '../../lib/shard/http-request.ts'

test('a request is its line, the host, the connection and the headers as they are given', t => {
  t.is(
    requestText('/metrics?a=b', 'a.test:9100', ['Accept', 'text/plain', 'X-Two', ''], true),
    'GET /metrics?a=b HTTP/1.1\r\nhost: a.test:9100\r\nconnection: keep-alive\r\nAccept: text/plain\r\nX-Two: \r\n\r\n',
  )
})

test('headers of the user take the place of ours; a connection that is not to be kept stays so', t => {
  const headers = ['HOST', 'b.test', 'Connection', 'foo']
  t.is(requestText('/', 'a.test', headers, true), 'GET / HTTP/1.1\r\nhost: b.test\r\nconnection: foo\r\n\r\n')
  t.is(requestText('/', 'a.test', headers, false), 'GET / HTTP/1.1\r\nhost: b.test\r\nconnection: close\r\n\r\n')
})

test('what HTTP does not allow in a header is found', t => {
  t.is(headerFault(['A', 'b\tc', 'X-!#$%', '', 'Caf', '\x80\xff']), undefined)
  for (const name of ['', 'a b', 'a:', 'a\n', 'é', 'a\0']) t.regex(headerFault(['A', 'b', name, 'x'])!, /proper name/)
  for (const value of ['a\nb', 'a\r', '\0', '\x7f', '\u0100']) {
    t.is(headerFault(['A', value]), 'the value of the request header A has control characters')
  }
})
