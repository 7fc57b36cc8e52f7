using System.Runtime.InteropServices;
using EDA.Engine.Data.Formats;

namespace EDA.Engine.Data.Hdf5;

/// <summary>In which type numbers come from the library, and how they become doubles whose float32 is the number's.</summary>
/// <param name="Type">The library's type in memory, one that holds whatever the file has.</param>
/// <param name="Bytes">The bytes of a number in that type.</param>
/// <param name="Number">Turns one into a double; null where it is one.</param>
internal sealed record Hdf5Number(long Type, int Bytes, Hdf5Number.Reading? Number)
{
    private double[] _numbers = [];

    /// <summary>Reads a number.</summary>
    public delegate double Reading(ReadOnlySpan<byte> bytes);

    /// <summary>Numbers that a double holds.</summary>
    public static Hdf5Number Double(Hdf5Library library) => new(library.NativeDouble, sizeof(double), null);

    /// <summary>Whole numbers of up to 64 bits.</summary>
    public static Hdf5Number Whole(Hdf5Library library, bool isSigned) => isSigned
        ? new(library.NativeSigned, sizeof(long), bytes => OddRounding.Of(MemoryMarshal.Read<long>(bytes)))
        : new(library.NativeUnsigned, sizeof(ulong), bytes => OddRounding.Of(MemoryMarshal.Read<ulong>(bytes)));

    /// <summary>Fields of up to 64 bits, as whole numbers.</summary>
    public static Hdf5Number Bits(Hdf5Library library) =>
        new(library.NativeBits, sizeof(ulong), bytes => OddRounding.Of(MemoryMarshal.Read<ulong>(bytes)));

    /// <summary>Floating-point numbers beyond a double: x86's 80 bits, elsewhere what a double keeps of them.</summary>
    public static unsafe Hdf5Number LongDouble(Hdf5Library library)
    {
        int bytes = (int)library.TypeSize(library.NativeLongDouble);
        bool isOfX86 = RuntimeInformation.ProcessArchitecture is (Architecture.X64 or Architecture.X86) && bytes is (NpyType.PaddedLongDouble or NpyType.ShortLongDouble);
        return isOfX86 ? new(library.NativeLongDouble, bytes, OddRounding.OfLongDouble) : Double(library);
    }

    /// <summary>Turns a block of numbers into doubles; valid until the next.</summary>
    public ReadOnlySpan<double> Convert(ReadOnlySpan<byte> block)
    {
        if (Number is null)
            return MemoryMarshal.Cast<byte, double>(block);
        int count = block.Length / Bytes;
        if (_numbers.Length < count)
            _numbers = new double[count];
        for (int i = 0; i < count; i++)
            _numbers[i] = Number(block.Slice(i * Bytes, Bytes));
        return _numbers.AsSpan(0, count);
    }
}
