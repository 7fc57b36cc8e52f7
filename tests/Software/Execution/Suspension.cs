using System.Reflection;

namespace EDA.Tests.Software;

/// <summary>Why an item waits for others.</summary>
internal enum SuspensionKind
{
    GroupBarrier,
    WarpBarrier,
    Shuffle,
    ShuffleDown,
    ShuffleXor,
    Tf32Multiply0,
    Tf32Multiply1,
    Bf16Multiply0,
    Bf16Multiply1,
    HalfAlongAlong,
    HalfAlongAcross,
    HalfGradient,
}

/// <summary>Marks a method at whose call an item waits for others.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SuspendsAttribute(SuspensionKind kind) : Attribute
{
    public SuspensionKind Kind { get; } = kind;
}

/// <summary>A place in a kernel's code where items wait for others.</summary>
internal sealed record SuspensionSite(SuspensionKind Kind, MethodBase Method, int Offset)
{
    public override string ToString() => $"{Kind} in {Method.DeclaringType?.Name}.{Method.Name} at IL_{Offset:x4}";
}

/// <summary>Items of a group, or of a warp, part at a barrier: what hangs or is undefined on a GPU.</summary>
public sealed class GroupDivergenceException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">Who waits where.</param>
    public GroupDivergenceException(string message)
        : base(message)
    {
    }
}
