namespace EDA.Bench.Ptx;

/// <summary>PTX text that the interpreter cannot read, or an instruction that it does not know.</summary>
/// <param name="message">What, and in which line.</param>
public sealed class PtxFormatException(string message) : Exception(message);

/// <summary>A kernel does what a GPU refuses, or what PTX leaves undefined.</summary>
/// <param name="message">The kernel, the instruction, who executed it, and what is wrong.</param>
public sealed class PtxFaultException(string message) : Exception(message);
