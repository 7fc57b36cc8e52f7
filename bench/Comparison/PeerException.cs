namespace EDA.Bench.Comparison;

/// <summary>A program that was to be compared said something else than a time, or nothing any more.</summary>
internal sealed class PeerException(string message) : IOException(message);
