"""What tests and benchmarks share: real servers, fake engines, clients and hostile inputs."""
