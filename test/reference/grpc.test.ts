import { grpcReferenceClient } from './grpc-client.js';
import { walkReference } from './walk.js';

walkReference('gRPC', grpcReferenceClient);
