import test from 'ava'
import { FlagError } from '../../lib/cli/flag-error.ts'

test('a flag error ends the process as a usage error and keeps its code on the way to another thread', t => {
  const error = new FlagError('flag -x does not exist')
  t.is(error.exitCode, 2)
  t.deepEqual(error.toWire(), { code: 'FLAG_INVALID', retryable: false, message: 'flag -x does not exist' })
})
