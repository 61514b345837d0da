/** An endless chain of prototypes: `instanceof` never returns for it. */
export function endlessPrototypes(): object {
  const handler: ProxyHandler<object> = { getPrototypeOf: () => new Proxy({}, handler) }
  return new Proxy({}, handler)
}

/** Every trap throws. */
export function throwingProxy(): object {
  const handler = new Proxy({}, { get: () => () => fail() })
  return new Proxy({}, handler)
}

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function fail(): never {
  throw new Error('read')
}

/** An error whose causes are each other's cause. */
export function causeChain(length: number): Error {
  let error = new Error('the first cause')
  for (let at = 1; at < length; at++) error = new Error(`cause ${String(at)}`, { cause: error })
  return error
}

/** As many objects inside each other. */
export function nested(depth: number): unknown {
  let value: unknown = 'inside'
  for (let at = 0; at < depth; at++) value = at % 2 === 0 ? { value } : [value]
  return value
}

const LONG = 'x'.repeat(10_000_000)

/** Values that a faulty plugin throws, with a name for each. */
export function hostileThrows(): [string, unknown][] {
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  return [
    ['undefined', undefined],
    ['null', null],
    ['a symbol', Symbol(LONG)],
    ['a function', fail],
    ['a bigint with many digits', 10n ** 100_000n],
    ['an object without a prototype', Object.create(null)],
    ['an object whose toString throws', { toString: fail, [Symbol.toPrimitive]: fail }],
    ['a revoked proxy', revokedProxy()],
    ['a proxy whose traps throw', throwingProxy()],
    ['a proxy with endless prototypes', endlessPrototypes()],
    ['an error with a revoked proxy as its cause', new Error('a', { cause: revokedProxy() })],
    [
      'an error whose message throws',
      Object.defineProperty(new Error('a'), 'message', { get: fail }),
    ],
    ['an error whose stack throws', Object.defineProperty(new Error('a'), 'stack', { get: fail })],
    [
      'an error whose name is an object',
      Object.assign(new Error('a'), { name: { toString: fail } }),
    ],
    ['an error with a long message', new Error(LONG)],
    [
      'an error with a property that throws',
      Object.defineProperty(new Error('a'), 'detail', { get: fail, enumerable: true }),
    ],
    ['an error with long properties', Object.assign(new Error('a'), { first: LONG, second: LONG })],
    [
      'an error with many properties',
      Object.assign(
        new Error('a'),
        Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`p${String(at)}`, at])),
      ),
    ],
    ['an error with a long property name', Object.assign(new Error('a'), { [LONG]: 1 })],
    ['an error with a toJSON that throws', Object.assign(new Error('a'), { toJSON: fail })],
    ['a long chain of causes', causeChain(20_000)],
    ['many errors', new AggregateError(Array.from({ length: 10_000 }, () => new Error('a')))],
    ['a long list', Array.from({ length: 1_000_000 }, () => 'a')],
    ['a list with a getter', Object.defineProperty(['a'], '0', { get: fail })],
    ['deep nesting', nested(20_000)],
    ['a circle', circular],
    ['bytes', new Uint8Array(10_000_000)],
    ['bytes behind a proxy', new Proxy(new Uint8Array(10_000_000), {})],
    ['a text as an object', Object(LONG)],
    ['a long text', LONG],
  ]
}
