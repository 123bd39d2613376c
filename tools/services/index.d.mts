export interface StartOptions {
  /** Where clients connect. Default: a free port. */
  port?: number
  /** For settings, data and the log (`broker.log`, `registry.log`); `stop` removes it. Default: a new temporary folder. */
  folder?: string
  /** How long the service may take until it serves requests, in ms. Default: 60,000 for Kafka, 120,000 for a registry. */
  timeoutMs?: number
  /** True: the service outlives this process. Else it ends with it, also when it is killed. @default false */
  detached?: boolean
  /** Ends the start when aborted. */
  signal?: AbortSignal
  /** Called before a download. @default console.error */
  log?: (line: string) => void
}

export interface RunningService {
  /** Changes with `restart`. */
  readonly pid: number
  readonly folder: string
  /** SIGTERM, SIGKILL if that does not help, and its folder removed. */
  stop(): Promise<void>
  /** Stops the process if it runs, and starts it again on the same port. */
  restart(): Promise<void>
}

export interface StartKafkaOptions extends StartOptions {
  /** Default: a free port. */
  controllerPort?: number
  /** The nodes of a cluster have the same. Default: a new one. */
  clusterId?: string
  /** @default SNAPSTREAM_KAFKA_VERSION of the environment, else '4.1.0' */
  version?: string
  /** Broker settings under Kafka's own names, on top of the defaults. */
  settings?: Record<string, string | number | boolean>
  /** Levels of Kafka's features, such as `transaction.version`. Default: the newest that the version knows. */
  features?: Record<string, number>
  /** Also listens with TLS and SASL; `security` of the broker has the addresses and keys. @default false */
  security?: boolean
  /** The most memory for its heap, in MB. @default 1024 */
  heapMb?: number
}

export interface RunningKafka extends RunningService {
  /** `127.0.0.1:port` */
  readonly brokers: string
  readonly version: string
  /** With `security` only. */
  readonly security?: SecureBroker
  /** Resolves when the process is gone, at once for SIGSTOP and SIGCONT. The data stays for `restart`. @default 'SIGKILL' */
  kill(signal?: NodeJS.Signals): Promise<void>
}

/** How clients reach a broker that listens with every security protocol. Certificates and keys are PEM. */
export interface SecureBroker {
  /** `host:port` each. */
  readonly addresses: {
    readonly plaintext: string
    readonly ssl: string
    readonly saslPlaintext: string
    /** With PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512, like `saslPlaintext`. */
    readonly saslSsl: string
    /** Asks its clients for a certificate signed by `ca`. */
    readonly mutualSsl: string
    /** Has an expired certificate. */
    readonly expiredSsl: string
    /** Has a certificate for another host. */
    readonly elsewhereSsl: string
  }
  /** The authority that signed the broker's certificates. */
  readonly ca: string
  /** An authority that signed none of them. */
  readonly otherCa: string
  /** Signed by `ca`; the key is encrypted. */
  readonly client: { readonly cert: string; readonly key: string; readonly passphrase: string }
  /** Signed by `otherCa`. */
  readonly strangeClient: { readonly cert: string; readonly key: string }
  readonly username: string
  readonly password: string
}

/** The version of Kafka that `startKafka` starts. */
export const KAFKA_VERSION: string

/**
 * Starts a Kafka broker, and resolves when it serves requests. Rejects without Java 17, without Maven for the first
 * download, and when the broker does not start in time.
 */
export function startKafka(options?: StartKafkaOptions): Promise<RunningKafka>

/** A broker with `security` for a file of tests. `broker` throws before it was started. */
export function secureKafka(): { start(): Promise<void>; stop(): Promise<void>; broker(): SecureBroker }

export interface RunningCluster {
  /** The addresses of all nodes, separated by commas. */
  readonly brokers: string
  /** By their node ids in Kafka. Each can be killed and restarted by itself. */
  readonly nodes: ReadonlyMap<number, RunningKafka>
  /** SIGKILL to all of them, and their folders removed. */
  stop(): Promise<void>
}

/**
 * Starts three nodes, and resolves when they know of each other. `heapMb` (default 384) is for each of them. Rejects for
 * the same reasons as `startKafka`.
 */
export function startKafkaCluster(
  options?: Pick<StartKafkaOptions, 'settings' | 'heapMb' | 'timeoutMs' | 'signal' | 'log'>,
): Promise<RunningCluster>

export interface RunningRegistry extends RunningService {
  /** The address for clients of Confluent's registry. It holds its schemas in memory, and has none after a restart. */
  readonly url: string
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>
}

/**
 * Starts a schema registry, and resolves when it serves requests. Rejects without Java 17, without Maven for the first
 * download, and when the registry does not start in time.
 */
export function startRegistry(options?: StartOptions): Promise<RunningRegistry>

export interface Authority {
  /** PEM, as everything here. */
  readonly cert: string
  readonly key: string
}

export interface CertificateOptions {
  commonName: string
  /** The names and IPv4 addresses that it is for. Without any it is the certificate of a client. */
  hosts?: readonly string[]
  /** It expired yesterday. @default false */
  expired?: boolean
  /** Encrypts the key. */
  passphrase?: string
}

/** A new authority that signs certificates. */
export function createAuthority(commonName: string): Promise<Authority>

/** A certificate signed by an authority, valid for a day, with its key. */
export function createCertificate(
  authority: Authority,
  options: CertificateOptions,
): Promise<{ readonly cert: string; readonly key: string }>

type Command = readonly [command: string, ...args: string[]]

/** The command that runs a Java program of one file with Kafka's client. Rejects without a JDK of version 17. */
export function javaCommand(file: string): Promise<Command>

/** The command that runs a Python program with confluent-kafka. Rejects without Python 3.9. */
export function pythonCommand(file: string): Promise<Command>

/** The command that runs a Python program with Python's codecs. Rejects without Python 3.9. */
export function pythonCodecsCommand(file: string): Promise<Command>

/** The command that runs a Python program with OpenTelemetry and the client of Prometheus. Rejects without Python 3.9. */
export function pythonTelemetryCommand(file: string): Promise<Command>

export interface JavaProgramOptions {
  /** Names the folder in `.cache`, with the versions of what is in it. */
  readonly name: string
  /** One file, with a class of the same name. */
  readonly source: string
  /** As `group:artifact:version`, downloaded with Maven. */
  readonly dependencies?: readonly string[]
  /** A folder with jars, in place of `dependencies`. */
  readonly libs?: string
  /** Options of the JVM. */
  readonly flags: readonly string[]
}

/**
 * The command that runs a Java program with its libraries. The first call downloads and compiles it. Rejects without a JDK
 * of version 17.
 */
export function javaProgram(options: JavaProgramOptions, log?: (line: string) => void): Promise<Command>

/** The command that runs a Java program with Kafka Streams of a version and Jackson. See `javaProgram`. */
export function kafkaStreamsProgram(
  options: Pick<JavaProgramOptions, 'name' | 'source' | 'flags'> & { readonly version: string },
  log?: (line: string) => void,
): Promise<Command>

export interface GoProgramOptions {
  /** Names the folder in `.cache`, with the versions of what is in it. */
  readonly name: string
  /** The folder of a module: its package, `go.mod` and `go.sum`. */
  readonly source: string
}

/** The command that runs a Go program. The first call downloads its modules and compiles it. Rejects without Go. */
export function goProgram(options: GoProgramOptions, log?: (line: string) => void): Promise<Command>

/**
 * The Python of a virtual environment in `.cache` with packages, as pip takes them, with exact versions. The first call
 * installs it. Rejects without Python 3.9.
 *
 * @param name of the folder in `.cache`, with the versions in it
 */
export function pythonEnvironment(
  name: string,
  packages: readonly string[],
  log?: (line: string) => void,
): Promise<string>

/**
 * Installs something to a folder in `.cache`, and resolves with that folder. Only the first call installs, in one process at
 * a time. The name has the versions in it: another version is another folder.
 */
export function installOnce(
  name: string,
  log: (line: string) => void,
  install: (folder: string) => Promise<void>,
): Promise<string>

/**
 * Builds TypeScript programs from the sources of the workspace, to run with plain Node: `<name>.mjs` in `folder` for each
 * `<name>.ts`. For tests that start many programs, as tsx spends about a second of the processor on each start. Packages from
 * outside of the workspace stay where they are installed, and `import.meta.url` stays that of the source. A package that is
 * looked up by name at run time is not built. Rejects with the
 * errors of the compiler, but does not check types.
 */
export function buildPrograms(options: { readonly programs: readonly string[]; readonly folder: string }): Promise<void>

/** Runs a program to its end. Rejects with its output if it ends with another code than 0. */
export function mustRun(
  command: string,
  args: readonly string[],
  options?: { readonly cwd?: string; readonly timeoutMs?: number },
): Promise<void>

/** The path of a program in one of these folders (default: those of PATH), or undefined. */
export function which(name: string, folders?: readonly string[]): string | undefined

/** The Java to run, 17 or newer, from JAVA_HOME or PATH; undefined without one. */
export function findJava(): Promise<string | undefined>
