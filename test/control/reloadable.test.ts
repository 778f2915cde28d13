import test from 'ava'
import { Reloadable } from '../../lib/control/reloadable.ts'
import { PenstockError } from '../../shared/errors.ts'

class Broken extends PenstockError {
  readonly code = 'CONFIG_INVALID'
}

type Content = { readonly jobs: string; readonly comment?: string }

/** A file with `first` in force that has one content after the other; a broken one is an error. */
function fileWith(first: Content, ...contents: readonly (Content | Error)[]) {
  const left = [...contents]
  const read = async () => {
    const content = left.shift()!
    if (content instanceof Error) throw content
    return content
  }
  return new Reloadable(first, read, content => content.jobs)
}

test('the load at the start counts as a success and not as a reload', t => {
  const file = fileWith({ jobs: 'a' })
  t.deepEqual(file.current, { jobs: 'a' })
  t.like(file.history, { reloads: 0, errors: 0, lastSuccessful: true, lastError: '' })
  t.true(file.history.lastSuccessMs > 0)
})

test('what was read is in force once it is accepted', async t => {
  const file = fileWith({ jobs: 'old' }, { jobs: 'new' })
  const candidate = await file.readAgain()
  t.is(file.current.jobs, 'old')
  t.is(file.history.reloads, 0)
  candidate.accept()
  t.is(file.current.jobs, 'new')
  t.like(file.history, { reloads: 1, errors: 0, lastSuccessful: true })
})

test('a change that makes no difference is taken over and does not count as a reload', async t => {
  const file = fileWith({ jobs: 'a' }, { jobs: 'a', comment: 'new' })
  const candidate = await file.readAgain()
  t.false(candidate.changed)
  candidate.accept()
  t.is(file.history.reloads, 0)
  t.is(file.current.comment, 'new')
})

test('failures are counted and leave what is in force; a success clears the error', async t => {
  const file = fileWith({ jobs: 'old' }, new Broken('line 3'), new Broken('line 4'), { jobs: 'old' }, { jobs: 'new' })
  await t.throwsAsync(file.readAgain(), { message: 'line 3' })
  await t.throwsAsync(file.readAgain(), { message: 'line 4' })
  t.is(file.current.jobs, 'old')
  t.like(file.history, { reloads: 0, errors: 2, lastSuccessful: false, lastError: 'line 4' })
  for (const reloads of [0, 1]) {
    const candidate = await file.readAgain()
    candidate.accept()
    t.like(file.history, { reloads, errors: 2, lastSuccessful: true, lastError: '' })
  }
})

test('an error that is not about the configuration is not counted', async t => {
  const file = fileWith({ jobs: 'old' }, new TypeError('a bug'))
  await t.throwsAsync(file.readAgain(), { instanceOf: TypeError })
  t.like(file.history, { errors: 0, lastSuccessful: true })
})
