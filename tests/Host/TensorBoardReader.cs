using System.Buffers.Binary;
using Google.Protobuf;

namespace EDA.Tests.Host;

/// <summary>One event of a TensorBoard file.</summary>
internal sealed record TensorBoardEvent(double WallTime, long Step, string? FileVersion, string? Tag, float Value);

/// <summary>Reads TensorBoard files as TensorBoard does, checksums included.</summary>
internal static class TensorBoardReader
{
    public static List<TensorBoardEvent> Read(string path)
    {
        var events = new List<TensorBoardEvent>();
        var bytes = File.ReadAllBytes(path).AsSpan();
        while (bytes.Length > 0)
        {
            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
            Assert.Equal(MaskedCrc(bytes[..8]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]));
            var message = bytes.Slice(12, length);
            Assert.Equal(MaskedCrc(message), BinaryPrimitives.ReadUInt32LittleEndian(bytes[(12 + length)..]));
            events.Add(Event(message.ToArray()));
            bytes = bytes[(16 + length)..];
        }

        return events;
    }

    /// <summary>CRC-32C bit by bit (reflected polynomial 0x82F63B78), then TFRecord's mask.</summary>
    public static uint MaskedCrc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0x82F63B78u;
        }

        crc = ~crc;
        return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
    }

    private static TensorBoardEvent Event(byte[] message)
    {
        var input = new CodedInputStream(message);
        var result = new TensorBoardEvent(0, 0, null, null, 0);
        while (input.ReadTag() is var tag and not 0)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1:
                    result = result with { WallTime = input.ReadDouble() };
                    break;
                case 2:
                    result = result with { Step = input.ReadInt64() };
                    break;
                case 3:
                    result = result with { FileVersion = input.ReadString() };
                    break;
                case 5:
                    var summary = new CodedInputStream(input.ReadBytes().ToByteArray());
                    Assert.Equal(1, WireFormat.GetTagFieldNumber(summary.ReadTag()));
                    var value = new CodedInputStream(summary.ReadBytes().ToByteArray());
                    Assert.Equal(1, WireFormat.GetTagFieldNumber(value.ReadTag()));
                    string name = value.ReadString();
                    Assert.Equal(2, WireFormat.GetTagFieldNumber(value.ReadTag()));
                    result = result with { Tag = name, Value = value.ReadFloat() };
                    break;
                default:
                    Assert.Fail("an event has a field that nothing writes");
                    break;
            }
        }

        return result;
    }
}
