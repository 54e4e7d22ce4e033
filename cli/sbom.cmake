# The software bill of materials of the program, as SPDX 2.3 JSON: what is in it or loaded with it, in the versions
# that it was built from. Called at build time: cmake -DOUTPUT=... -DVERSION=... -P cli/sbom.cmake

# name | Debian package | licence | how (SPDX relationship)
set(components
    "CLI11|libcli11-dev|BSD-3-Clause|STATIC_LINK"
    "fmt|libfmt-dev|MIT|STATIC_LINK"
    "nlohmann_json|nlohmann-json3-dev|MIT|STATIC_LINK"
    "libdeflate|libdeflate-dev|MIT|STATIC_LINK"
    "zlib|zlib1g-dev|Zlib|STATIC_LINK"
    "lz4|liblz4-dev|BSD-2-Clause|STATIC_LINK"
    "zstd|libzstd-dev|BSD-3-Clause|STATIC_LINK"
    "re2|libre2-dev|BSD-3-Clause|STATIC_LINK"
    "asio|libasio-dev|BSL-1.0|STATIC_LINK"
    "libevent|libevent-dev|BSD-3-Clause|STATIC_LINK"
    "libstdc++|libstdc++-12-dev|GPL-3.0-or-later WITH GCC-exception-3.1|STATIC_LINK"
    "glibc|libc6-dev|LGPL-2.1-or-later|DYNAMIC_LINK")

string(TIMESTAMP created "%Y-%m-%dT%H:%M:%SZ" UTC)  # SOURCE_DATE_EPOCH where that is set
set(packages "{\"SPDXID\":\"SPDXRef-mqctl\",\"name\":\"mqctl\",\"versionInfo\":\"${VERSION}\",\"downloadLocation\":\"NOASSERTION\",\"licenseDeclared\":\"Apache-2.0\",\"licenseConcluded\":\"Apache-2.0\",\"copyrightText\":\"NOASSERTION\",\"filesAnalyzed\":false}")
set(relationships "{\"spdxElementId\":\"SPDXRef-DOCUMENT\",\"relationshipType\":\"DESCRIBES\",\"relatedSpdxElement\":\"SPDXRef-mqctl\"}")
foreach(component ${components})
  string(REPLACE "|" ";" fields "${component}")
  list(GET fields 0 name)
  list(GET fields 1 package)
  list(GET fields 2 licence)
  list(GET fields 3 relationship)
  set(found "")
  execute_process(COMMAND dpkg-query -W -f "\${Version}" ${package} OUTPUT_VARIABLE found ERROR_QUIET)
  if(found STREQUAL "")
    set(found NOASSERTION)  # built elsewhere than on Debian
  endif()
  string(REGEX REPLACE "[^A-Za-z0-9.-]" "-" id "SPDXRef-${name}")
  string(APPEND packages ",\n  {\"SPDXID\":\"${id}\",\"name\":\"${name}\",\"versionInfo\":\"${found}\",\"supplier\":\"Organization: Debian\",\"downloadLocation\":\"NOASSERTION\",\"licenseDeclared\":\"${licence}\",\"licenseConcluded\":\"NOASSERTION\",\"copyrightText\":\"NOASSERTION\",\"filesAnalyzed\":false,\"externalRefs\":[{\"referenceCategory\":\"PACKAGE-MANAGER\",\"referenceType\":\"purl\",\"referenceLocator\":\"pkg:deb/debian/${package}@${found}\"}]}")
  string(APPEND relationships ",\n  {\"spdxElementId\":\"SPDXRef-mqctl\",\"relationshipType\":\"${relationship}\",\"relatedSpdxElement\":\"${id}\"}")
endforeach()
string(TIMESTAMP stamp "%s" UTC)
file(WRITE ${OUTPUT} "{\"spdxVersion\":\"SPDX-2.3\",\"dataLicense\":\"CC0-1.0\",\"SPDXID\":\"SPDXRef-DOCUMENT\",\"name\":\"mqctl-${VERSION}\",
 \"documentNamespace\":\"https://mqctl.invalid/spdx/mqctl-${VERSION}-${stamp}\",
 \"creationInfo\":{\"created\":\"${created}\",\"creators\":[\"Tool: mqctl-build\"]},
 \"packages\":[
  ${packages}],
 \"relationships\":[
  ${relationships}]}
")
