import { availableParallelism } from 'node:os'
import test from 'ava'
import { FlagError } from '../../lib/cli/flag-error.ts'
import { definitionOf, type FlagName } from '../../lib/cli/flag-table.ts'
import { defaultText, readItems } from '../../lib/cli/flag-value.ts'

test('a default that depends on the CPUs is a number', t => {
  t.is(defaultText(definitionOf('shards')), String(availableParallelism()))
  t.is(defaultText(definitionOf('remoteWrite.queues')), String(2 * availableParallelism()))
})

test('empty items of a list of texts are empty texts', t => {
  t.deepEqual(readItems('httpListenAddr', ',:1', 'flag'), ['', ':1'])
  t.deepEqual(readItems('remoteWrite.bearerToken', ',x', 'flag'), ['', 'x'])
})

test('empty items of a list of other things stand for the default', t => {
  t.deepEqual(readItems('remoteWrite.sendTimeout', '2m,,90s', 'flag'), ['2m', '1m0s', '90s'])
  t.deepEqual(readItems('remoteWrite.tlsInsecureSkipVerify', 'true,', 'flag'), ['true', 'false'])
})

test('text is not split unless the flag is a list', t => {
  t.deepEqual(readItems('promscrape.config', 'a,b', 'flag'), ['a,b'])
  t.deepEqual(readItems('remoteWrite.url', 'a,b', 'flag'), ['a', 'b'])
})

const INVALID: readonly (readonly [name: FlagName, text: string, problem: RegExp])[] = [
  ['dryRun', 'maybe', /"maybe"; its type is bool/],
  ['shards', '0', /"0"; the smallest that is allowed is 1$/],
  ['shards', '1.5', /type is int/],
  ['memory.allowedPercent', '200', /the largest that is allowed is 100$/],
  ['memory.allowedPercent', '0.5', /the smallest that is allowed is 1$/],
  ['remoteWrite.flushInterval', '1d', /type is duration, as in 1m30s/],
  ['remoteWrite.flushInterval', '0', /the smallest that is allowed is 1 ms/],
  ['remoteWrite.maxBlockSize', '0', /the smallest that is allowed is 1 bytes/],
  ['remoteWrite.maxBlockSize', '', /type is bytes, as in 64MiB/],
  ['remoteWrite.queues', '1,x', /"x"; its type is int/],
  ['remoteWrite.sendTimeout', '1m,0s', /"0s"; the smallest/],
  ['loggerLevel', 'info', /it can be INFO, WARN, ERROR, FATAL, PANIC/],
  ['reloadAuthKey', 'http://host/key', /reading a secret from a URL is not implemented/],
]
for (const [name, text, problem] of INVALID) {
  test(`-${name}=${text} is refused`, t => {
    const error = t.throws(() => readItems(name, text, 'the place'), { instanceOf: FlagError, message: problem })
    t.true(error.message.startsWith('the place: '))
  })
}
