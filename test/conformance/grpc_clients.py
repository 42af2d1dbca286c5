"""Health and reflection of a gRPC server, as Python's own clients see them: prints a line for each
check, `ok NAME` or `failed NAME: REASON`."""

import sys

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

channel = grpc.insecure_channel(sys.argv[1])
stub = health_pb2_grpc.HealthStub(channel)
database = ProtoReflectionDescriptorDatabase(channel)


def check(name, holds):
    try:
        print(f"ok {name}" if holds() else f"failed {name}: it does not hold")
    except Exception as error:  # whatever a client may throw is the result
        print(f"failed {name}: {error!r}".replace("\n", " "))


def serving(service):
    answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
    return answer.status == health_pb2.HealthCheckResponse.SERVING


def unknown_is_not_found():
    try:
        serving("no.such.Service")
    except grpc.RpcError as error:
        return error.code() == grpc.StatusCode.NOT_FOUND
    return False


def watched():
    request = health_pb2.HealthCheckRequest(service="")
    first = next(iter(stub.Watch(request, timeout=10)))
    return first.status == health_pb2.HealthCheckResponse.SERVING


check("health of the server", lambda: serving(""))
check("health of an unknown service", unknown_is_not_found)
check("watching the health", watched)
# The server tells the health of the services that it is there for.
for service in [name for name in database.get_services() if name.startswith("caxton.")]:
    check(f"health of {service}", lambda: serving(service))
    methods = lambda: DescriptorPool(database).FindServiceByName(service).methods
    check(f"reflection of {service}", lambda: len(methods()) > 0)
