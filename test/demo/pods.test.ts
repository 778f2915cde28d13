import test from 'ava'
import { podsAt } from '../../lib/demo/pods.ts'

const podNames = (seconds: number) => new Set(podsAt(seconds)[0]!.samples.map(({ labels }) => labels!.pod!))

test('pods come and go now and then, and most stay', t => {
  let changes = 0
  for (let seconds = 0; seconds < 300; seconds++) {
    const before = podNames(seconds)
    const after = podNames(seconds + 1)
    const gone = before.difference(after).size
    const added = after.difference(before).size
    t.true(gone <= 5 && added <= 5 && after.size >= 15)
    if (gone + added > 0) changes += 1
  }
  t.true(changes > 30 && changes < 200, `${changes}`)
})

test('a pod that is gone does not come back', t => {
  const seen = new Set<string>()
  let live = new Set<string>()
  for (let seconds = 0; seconds < 2000; seconds++) {
    const now = podNames(seconds)
    for (const pod of now.difference(live)) {
      t.false(seen.has(pod), pod)
      seen.add(pod)
    }
    live = now
  }
})

test('a live pod has all metrics', t => {
  const families = podsAt(60)
  t.deepEqual(new Set(families.map(({ samples }) => samples.length)), new Set([podNames(60).size]))
})
