/** What the API reference prints of the protos, in its order. */

export const agentService = `
service AgentService {
  rpc DeployAgent(DeployAgentRequest) returns (DeployAgentResponse);
}

message DeployAgentRequest {
  bytes wasm_module = 1;
  AgentConfig config = 2;
}

message AgentConfig {
  string name = 1;
  ResourceLimits resources = 2;
  map<string, string> environment = 3;
  repeated string capabilities = 4;
}

message DeployAgentResponse {
  string agent_id = 1;
  AgentStatus status = 2;
  google.protobuf.Timestamp deployed_at = 3;
}

message ListAgentsRequest {
  AgentStatus status_filter = 1;
  int32 limit = 2;
  int32 offset = 3;
}

message ListAgentsResponse {
  repeated Agent agents = 1;
  int32 total = 2;
}
`;

export const messageService = `
service MessageService {
  rpc SendMessage(SendMessageRequest) returns (SendMessageResponse);
  rpc SendMessageAndWait(SendMessageRequest) returns (MessageReply);
}

message SendMessageRequest {
  FipaMessage message = 1;
  DeliveryOptions options = 2;
}

message FipaMessage {
  string performative = 1;
  string sender = 2;
  string receiver = 3;
  google.protobuf.Struct content = 4;
  string conversation_id = 5;
  string reply_with = 6;
  string in_reply_to = 7;
  string ontology = 8;
  string language = 9;
}
`;
