using System.Reflection;
using System.Runtime.CompilerServices;

namespace EDA.Tests.Software;

/// <summary>
/// The layout of the native memory that holds one item's variables. Native, so that references to variables, shared
/// memory and buffers are plain addresses, which survive while the item waits.
/// </summary>
internal sealed class ItemFrame
{
    /// <summary>The value an item gives to the other lanes, 8 bytes.</summary>
    public const int GivenValue = 0;

    /// <summary>The second argument of a shuffle, 4 bytes.</summary>
    public const int LaneArgument = 8;

    /// <summary>The value an item receives, 8 bytes.</summary>
    public const int ReceivedValue = 16;

    private const int Alignment = 8;

    private static readonly MethodInfo SizeOfDefinition = typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!;

    /// <summary>The bytes laid out so far.</summary>
    public int Size { get; private set; } = 24;

    /// <summary>A variable's place.</summary>
    /// <param name="Type">Its type; nint for a reference.</param>
    /// <param name="Offset">Where it stands.</param>
    public readonly record struct Slot(Type Type, int Offset);

    /// <summary>Makes room for a variable.</summary>
    /// <exception cref="NotSupportedException">It holds an object.</exception>
    public Slot Add(Type type)
    {
        if (type.IsByRef || type.IsPointer)
            type = typeof(nint);
        var slot = new Slot(type, Size);
        Size += (SizeOf(type) + Alignment - 1) / Alignment * Alignment;
        return slot;
    }

    public static int SizeOf(Type type)
    {
        if (!type.IsValueType)
            throw new NotSupportedException($"a kernel cannot hold objects ({type})");
        return (int)SizeOfDefinition.MakeGenericMethod(type).Invoke(null, null)!;
    }
}
