"""What listens on a port by custom: names for reports, and the ports of names.

IANA: Service Name and Transport Protocol Port Number Registry (RFC 6335), TCP. Where a
product uses a port that IANA gave to another, the product's manual decides the words, and
the registered name is still understood (``ss`` without ``-n`` prints it).
"""

from __future__ import annotations

_SERVICES = (
    # port, what it is, IANA's name, who says so
    (22, "SSH", "ssh", "IANA"),
    (25, "SMTP", "smtp", "IANA"),
    (53, "DNS", "domain", "IANA"),
    (80, "HTTP", "http", "IANA"),
    (111, "portmapper", "sunrpc", "IANA"),
    (123, "NTP", "ntp", "IANA"),
    (179, "BGP", "bgp", "IANA"),
    (389, "LDAP", "ldap", "IANA"),
    (443, "HTTPS", "https", "IANA"),
    (636, "LDAPS", "ldaps", "IANA"),
    (2049, "NFS", "nfs", "IANA"),
    (2181, "ZooKeeper", "eforward", "ZooKeeper Administrator's Guide, clientPort"),
    (2379, "etcd", "etcd-client", "IANA"),
    (2380, "etcd peers", "etcd-server", "IANA"),
    (2888, "ZooKeeper peers", "spcsdlobby", "ZooKeeper Administrator's Guide, server.x"),
    (3306, "MySQL", "mysql", "IANA"),
    (3888, "ZooKeeper election", "ciphire-serv", "ZooKeeper Administrator's Guide, server.x"),
    (4369, "Erlang port mapper", "epmd", "IANA"),
    (5432, "PostgreSQL", "postgresql", "IANA"),
    (5671, "AMQP over TLS", "amqps", "IANA"),
    (5672, "AMQP", "amqp", "IANA"),
    (6379, "Redis", "redis", "IANA"),
    (6443, "Kubernetes API", "sun-sr-https", "Kubernetes: Ports and Protocols"),
    (7000, "Cassandra internode", "afs3-fileserver", "Cassandra: storage_port"),
    (7001, "Cassandra internode over TLS", "afs3-callback", "Cassandra: ssl_storage_port"),
    (7199, "Cassandra JMX", "", "Cassandra: cassandra-env.sh, JMX_PORT"),
    (8080, "HTTP", "http-alt", "IANA"),
    (8081, "Schema Registry", "sunproxyadmin", "Confluent Platform: Ports"),
    (8083, "Kafka Connect", "us-srv", "Kafka documentation: listeners of Connect"),
    (9042, "Cassandra", "", "Cassandra: native_transport_port"),
    (9090, "Prometheus", "websm", "Prometheus: --web.listen-address"),
    (9092, "Kafka", "xmlipcregsvc", "Kafka documentation: listeners"),
    (9093, "Kafka over TLS", "copycat", "Kafka documentation: listeners; MSK uses 9094"),
    (9094, "Kafka over TLS", "", "Amazon MSK: Port information"),
    (9096, "Kafka over SASL/SCRAM", "", "Amazon MSK: Port information"),
    (9098, "Kafka over IAM", "", "Amazon MSK: Port information"),
    (9142, "Cassandra over TLS", "", "Cassandra: native_transport_port_ssl"),
    (9160, "Cassandra Thrift", "apani1", "Cassandra: rpc_port"),
    (9200, "Elasticsearch", "wap-wsp", "Elasticsearch: http.port"),
    (9300, "Elasticsearch transport", "vrace", "Elasticsearch: transport.port"),
    (10250, "kubelet", "", "Kubernetes: Ports and Protocols"),
    (11211, "memcached", "memcache", "IANA"),
    (27017, "MongoDB", "", "MongoDB: Default MongoDB Port"),
)

SERVICES = {port: name for port, name, _, _ in _SERVICES}
"""By port: what usually listens there."""

PORTS = {registered: port for port, _, registered, _ in _SERVICES if registered}
"""By the registered name, lower case: the port."""


def service(port: int) -> str:
    """``Kafka`` for 9092; "" for a port without custom. A custom proves nothing."""
    return SERVICES.get(port, "")


def named(port: int) -> str:
    """``9092 (Kafka)``; ``40000`` for a port without custom."""
    return f"{port} ({service(port)})" if service(port) else str(port)
