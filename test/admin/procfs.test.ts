import test from 'ava'
import {
  parseIo,
  parseOpenFilesMax,
  parsePressure,
  parseStatus,
  pressurePaths,
  readProcessFacts,
} from '../../lib/admin/procfs.ts'

const STATUS = `Name:	node
State:	S (sleeping)
VmPeak:	 1200000 kB
VmSize:	 1100000 kB
VmHWM:	   90000 kB
VmRSS:	   80000 kB
RssAnon:	   50000 kB
RssFile:	   29000 kB
RssShmem:	    1000 kB
Threads:	12
Cpus_allowed_list:	0-1
`

test('sizes of the status file are KiB, and counts are counts', t => {
  t.deepEqual(parseStatus(STATUS), {
    virtualBytes: 1_100_000 * 1024,
    virtualPeakBytes: 1_200_000 * 1024,
    residentBytes: 80_000 * 1024,
    residentPeakBytes: 90_000 * 1024,
    residentAnonBytes: 50_000 * 1024,
    residentFileBytes: 29_000 * 1024,
    residentSharedBytes: 1000 * 1024,
    threads: 12,
  })
})

test('a status file without memory gives nothing, one line less gives NaN for that line', t => {
  t.is(parseStatus('Name:	kthreadd\nThreads:	1\n'), undefined)
  const status = parseStatus(STATUS.replace(/RssAnon.*\n/, ''))!
  t.true(Number.isNaN(status.residentAnonBytes))
  t.is(status.threads, 12)
})

test('the io file gives bytes, system calls and what went to disks', t => {
  const text =
    'rchar: 16104\nwchar: 7845\nsyscr: 88\nsyscw: 45\nread_bytes: 262144\nwrite_bytes: 40960\ncancelled_write_bytes: 0\n'
  t.deepEqual(parseIo(text), {
    readBytes: 16104,
    writtenBytes: 7845,
    readSyscalls: 88,
    writeSyscalls: 45,
    storageReadBytes: 262144,
    storageWrittenBytes: 40960,
  })
  t.is(parseIo(''), undefined)
})

test('the limit of open files is the soft one', t => {
  const limits = (soft: string) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             96365                96365                processes
Max open files            ${soft}                 524288               files
`
  t.is(parseOpenFilesMax(limits('1024')), 1024)
  t.is(parseOpenFilesMax(limits('unlimited')), Number.POSITIVE_INFINITY)
  t.is(parseOpenFilesMax('Max processes 1 2 processes\n'), undefined)
})

test('pressure is in seconds, and a missing full line means none', t => {
  const some = 'some avg10=0.21 avg60=0.87 avg300=0.63 total=15185130\n'
  t.deepEqual(parsePressure(`${some}full avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\n`), {
    waitingSeconds: 15.18513,
    stalledSeconds: 1.5,
  })
  t.deepEqual(parsePressure(some), { waitingSeconds: 15.18513, stalledSeconds: 0 })
  t.is(parsePressure(''), undefined)
})

test('pressure is looked for in the own control group first, then in the machine', t => {
  const both = '4:memory:/other\n0::/system.slice/penstock.service\n'
  t.deepEqual(pressurePaths('cpu', both), [
    '/sys/fs/cgroup/system.slice/penstock.service/cpu.pressure',
    '/proc/pressure/cpu',
  ])
  t.deepEqual(pressurePaths('io', '0::/\n'), ['/sys/fs/cgroup/io.pressure', '/proc/pressure/io'])
  t.deepEqual(pressurePaths('io', '4:memory:/other\n'), ['/proc/pressure/io'])
  t.deepEqual(pressurePaths('io', undefined), ['/proc/pressure/io'])
})

const testOnLinux = process.platform === 'linux' ? test : test.skip
testOnLinux('this process has facts that agree with what Node says', t => {
  const { status, openFiles, openFilesMax } = readProcessFacts()
  t.true(status!.residentBytes > 1e6 && status!.residentBytes <= status!.residentPeakBytes)
  t.true(status!.threads >= 1)
  t.true(openFiles! >= 3 && openFiles! < openFilesMax!)
})
