# The command `selvedge` with all features, as a static binary.
#
#   docker build --tag selvedge .
#   docker run --rm --volume "$PWD/scenarios:/scenarios" selvedge gate /scenarios
FROM rust:1.95-alpine AS build
# Lua is in C.
RUN apk add --no-cache git make musl-dev
WORKDIR /selvedge
COPY . .
RUN cargo build --profile dist --locked -p selvedge-cli --all-features

FROM scratch
COPY --from=build /selvedge/target/dist/selvedge /selvedge
ENTRYPOINT ["/selvedge"]
