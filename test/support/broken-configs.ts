// Ways in which configuration breaks, for the tests of reloading it. The sign » stands before the place that is named.

export type Broken = {
  /** What is wrong. */
  readonly what: string
  /** Files that are changed, by name; undefined takes one away. `scrape.yml` and `relabel.yml` are in use. */
  readonly files: Readonly<Record<string, string | undefined>>
  /** `file:line:column` */
  readonly place: string
  /** What the message says besides. */
  readonly words: RegExp
}

/** A file that is read without fault, and what it scrapes. */
export const GOOD_SCRAPE = "scrape_configs:\n- job_name: good\n  static_configs: [{targets: ['good:1']}]\n"
export const GOOD_RELABEL = '- {target_label: a, replacement: b}\n'

/** @param marked texts, one of them with the sign; or undefined, to take the file away and have it named */
function broken(what: string, marked: Readonly<Record<string, string | undefined>>, words: RegExp): Broken {
  let place = ''
  const files: Record<string, string | undefined> = {}
  for (const [name, text] of Object.entries(marked)) {
    files[name] = text?.replace('»', '')
    const before = text === undefined ? '' : text.split('»')[0]!
    if (text !== undefined && !text.includes('»')) continue
    place = `${name}:${before.split('\n').length}:${before.length - before.lastIndexOf('\n')}`
  }
  return { what, files, place, words }
}

const scrape = (what: string, text: string | undefined, words: RegExp): Broken =>
  broken(what, { 'scrape.yml': text }, words)

/** A job behind one that is good. */
const job = (what: string, fields: string, words: RegExp): Broken =>
  scrape(what, `${GOOD_SCRAPE}- {job_name: bad, ${fields}}\n`, words)

const rule = (what: string, marked: string, words: RegExp): Broken => job(what, `relabel_configs: [${marked}]`, words)

/** A further file of jobs; the main one names it. */
const part = (what: string, text: string | undefined, words: RegExp): Broken =>
  broken(what, { 'scrape.yml': `scrape_config_files: [part.yml]\n${GOOD_SCRAPE}`, 'part.yml': text }, words)

const relabel = (what: string, text: string | undefined, words: RegExp): Broken =>
  broken(what, { 'relabel.yml': text }, words)

export const BROKEN: readonly Broken[] = [
  scrape('the file is gone', undefined, /ENOENT/),
  scrape('YAML breaks off', `${GOOD_SCRAPE}- {job_name: bad\n»`, /Flow map/),
  scrape('a tab indents', `${GOOD_SCRAPE}»\t- job_name: bad\n`, /Tabs/),
  scrape('a quote is not closed', `${GOOD_SCRAPE}- job_name: "bad\n»`, /quote/),
  scrape('a key comes twice', `${GOOD_SCRAPE}»scrape_configs: []\n`, /unique/),
  scrape('a second document follows', `${GOOD_SCRAPE}»---\nglobal: {}\n`, /second YAML document/),
  scrape('an alias has no anchor', 'scrape_configs: »*gone\n', /no anchor/),
  scrape('the file is a list', '»- job_name: bad\n', /expected a map/),
  scrape('a section has an unknown name', `»scrap_configs: []\n${GOOD_SCRAPE}`, /did you mean scrape_configs/),
  scrape('a section is for Prometheus only', `»remote_write: []\n${GOOD_SCRAPE}`, /-remoteWrite\.url/),

  scrape('an interval is no duration', `global: {scrape_interval: »soon}\n${GOOD_SCRAPE}`, /not a duration/),
  scrape('an external label is a list', `global: {external_labels: {a: »[b]}}\n${GOOD_SCRAPE}`, /expected a string/),
  scrape('a global rule is broken', `global: {relabel_configs: [{action: »x}]}\n${GOOD_SCRAPE}`, /unknown action "x"/),

  job('a name is given twice', '»job_name: good', /unique/),
  scrape('two jobs have one name', `${GOOD_SCRAPE}- »{job_name: good}\n`, /taken already, at .*:2/),
  scrape('a job has no name', `${GOOD_SCRAPE}- »{scheme: http}\n`, /job_name is missing/),
  scrape('a job is a word', `${GOOD_SCRAPE}- »bad\n`, /expected a map/),
  job('a field is unknown', '»scrape_intervall: 1s', /did you mean scrape_interval\?/),
  job('a kind of discovery does not exist', '»triton_sd_configs: []', /not supported/),
  job('a boolean is none', 'honor_labels: »maybe', /expected true or false/),
  job('a limit is no number', 'sample_limit: »many', /expected an integer/),
  job('a size is none', 'max_scrape_size: »big', /not a size/),
  job('a timeout is no duration', 'scrape_timeout: »5q', /not a duration/),
  job('a scheme is unknown', 'scheme: »gopher', /neither http nor https/),
  job('params are no lists', 'params: {a: »b}', /expected a list/),
  job('targets are no list', 'static_configs: [{targets: »a}]', /expected a list/),
  job('a header has no colon', 'headers: [»nocolon]', /"Name: value"/),
  scrape(
    'two kinds of credentials are given',
    `${GOOD_SCRAPE}- »{job_name: bad, bearer_token: a, basic_auth: {username: b}}\n`,
    /use only one of/,
  ),
  job('the file of a password is not there', 'basic_auth: {password_file: »gone}', /gone cannot be read: ENOENT/),
  job('a certificate is none', 'tls_config: »{ca: junk}', /not a usable certificate/),
  job('a file of certificates is not there', 'tls_config: {ca_file: »gone.pem}', /gone\.pem cannot be read/),
  job('a file of certificates holds none', 'tls_config: {ca_file: »scrape.yml}', /holds no usable certificate/),
  job('a key has no certificate', 'tls_config: »{key_file: relabel.yml}', /both cert and key/),
  job('a TLS version is unknown', 'tls_config: {min_version: »TLS9}', /unknown TLS version/),
  job('a URL of targets is none', 'http_sd_configs: [{url: »"sd:80/list"}]', /not a valid http or https URL/),
  job('a URL of targets is missing', 'http_sd_configs: [»{refresh_interval: 1m}]', /url is missing/),
  job('a DNS type is unknown', 'dns_sd_configs: [{names: [a], type: »TXT}]', /unknown type "TXT"/),
  job('a DNS port is missing', 'dns_sd_configs: [»{names: [a], type: A}]', /port is missing/),
  job('files of targets are no list', 'file_sd_configs: [{files: »sd.yml}]', /expected a list/),

  rule('a regex is broken', '{regex: »"a(", target_label: b}', /missing closing \)/),
  rule('an action is unknown', '{action: »frobnicate}', /unknown action "frobnicate"/),
  rule('a rule lacks its label', '»{action: replace, regex: a}', /needs target_label/),
  rule('a rule has a field too many', '{action: drop, »source_label: [a]}', /did you mean source_labels\?/),
  rule('a selector is broken', '{action: drop, if: »"{a=}"}', /selector "\{a=\}" is not valid/),
  rule('a modulus is missing', '»{action: hashmod, source_labels: [a], target_label: b}', /needs a modulus/),

  part('a further file is not there', undefined, /ENOENT/),
  part('a further file is no YAML', '- {job_name: x\n»', /Flow map/),
  part('a further file is a whole configuration', `»${GOOD_SCRAPE}`, /expected a list/),
  part('a further file repeats a name', '- job_name: other\n- »job_name: good\n', /taken already, at .*scrape/),
  part('a job of a further file is broken', '- job_name: x\n  scheme: »ftp\n', /neither http nor https/),

  relabel('the file of rules is gone', undefined, /ENOENT/),
  relabel('the file of rules is no list', '»a: b\n', /expected a list/),
  relabel('a rule of the file is broken', '- {target_label: a, regex: »"*"}\n', /regex "\*" is not valid/),
]
