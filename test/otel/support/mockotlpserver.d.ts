/** The package brings no types; these are of what the tests use. */
declare module "@elastic/mockotlpserver" {
  export class MockOtlpServer {
    constructor(options: {
      logLevel?: string;
      services?: ("http" | "grpc" | "ui")[];
      httpHostname?: string;
      httpPort?: number;
      onTrace?: (trace: never) => void;
      onMetrics?: (metrics: never) => void;
    });
    readonly httpUrl: URL | string | null;
    start(): Promise<void>;
    close(): Promise<void>;
  }
}
