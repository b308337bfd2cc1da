# The binary is static, with CA roots and time zones linked in, so the image
# holds nothing else and needs no registry to be built:
#   CGO_ENABLED=0 go build -trimpath -o jc-mcp ./cmd/jc-mcp && docker build -t jc-mcp .
FROM scratch
COPY jc-mcp /jc-mcp
USER 65534:65534
ENTRYPOINT ["/jc-mcp"]
CMD ["stdio"]
