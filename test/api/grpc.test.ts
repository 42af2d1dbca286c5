import { makeGrpcDriver } from './grpc-driver.js';
import { runSharedSuite } from './shared-suite.js';

runSharedSuite('gRPC', makeGrpcDriver);
