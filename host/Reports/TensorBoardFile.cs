using System.Buffers.Binary;
using System.Numerics;
using EDA.Engine.Training;
using Google.Protobuf;

namespace EDA.Host.Reports;

/// <summary>
/// A TensorBoard event file with a scalar per metric, tagged stage/name. Records are framed as TFRecord: length (8
/// bytes), masked CRC-32C of the length, the Event message, masked CRC-32C of the message; all little-endian.
/// </summary>
public sealed class TensorBoardFile : ITrainingObserver, IDisposable
{
    // Field numbers of tensorflow's event.proto and summary.proto.
    private const int EventWallTime = 1;
    private const int EventStep = 2;
    private const int EventFileVersion = 3;
    private const int EventSummary = 5;
    private const int SummaryValue = 1;
    private const int ValueTag = 1;
    private const int ValueSimple = 2;

    private readonly FileStream _stream;

    /// <summary>Starts a file.</summary>
    /// <param name="folder">The folder it goes to; TensorBoard finds it by its name.</param>
    /// <param name="start">When the run began.</param>
    public TensorBoardFile(string folder, DateTimeOffset start)
    {
        // Several commands may write to one run, and two of them begin in one second; TensorBoard shows them as one.
        string name = Path.Combine(folder, $"events.out.tfevents.{start.ToUnixTimeSeconds()}.eda");
        FilePath = name;
        for (int number = 2; File.Exists(FilePath); number++)
            FilePath = $"{name}.{number}";
        _stream = new FileStream(FilePath, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        Write(start, 0, output =>
        {
            output.WriteTag(EventFileVersion, WireFormat.WireType.LengthDelimited);
            output.WriteString("brain.Event:2");
        });
    }

    /// <summary>The file.</summary>
    public string FilePath { get; }

    /// <inheritdoc/>
    public void StageStarted(string stage, long step, long total)
    {
    }

    /// <inheritdoc/>
    public void Progress(in TrainingProgress progress)
    {
        foreach (var metric in progress.Metrics)
            Scalar($"{progress.Stage}/{metric.Name}", progress.Step, metric.Value, DateTimeOffset.UtcNow);
        _stream.Flush();
    }

    /// <inheritdoc/>
    public void StageFinished(StageResult result)
    {
    }

    /// <summary>Writes one number.</summary>
    /// <param name="tag">Its name.</param>
    /// <param name="step">The step.</param>
    /// <param name="value">The number.</param>
    /// <param name="time">When it was measured.</param>
    public void Scalar(string tag, long step, double value, DateTimeOffset time)
    {
        byte[] entry = Message(output =>
        {
            output.WriteTag(ValueTag, WireFormat.WireType.LengthDelimited);
            output.WriteString(tag);
            output.WriteTag(ValueSimple, WireFormat.WireType.Fixed32);
            output.WriteFloat((float)value);
        });
        byte[] summary = Message(output =>
        {
            output.WriteTag(SummaryValue, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(entry));
        });
        Write(time, step, output =>
        {
            output.WriteTag(EventSummary, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(summary));
        });
    }

    /// <summary>CRC-32C, rotated and offset as TFRecord wants it, so that a checksum of data with checksums stays useful.</summary>
    /// <param name="bytes">What is summed.</param>
    /// <returns>The masked checksum.</returns>
    public static uint MaskedCrc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
            crc = BitOperations.Crc32C(crc, value);
        return BitOperations.RotateRight(~crc, 15) + 0xa282ead8u;
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var memory = new MemoryStream();
        using (var output = new CodedOutputStream(memory, leaveOpen: true))
            write(output);
        return memory.ToArray();
    }

    private void Write(DateTimeOffset time, long step, Action<CodedOutputStream> what)
    {
        byte[] message = Message(output =>
        {
            output.WriteTag(EventWallTime, WireFormat.WireType.Fixed64);
            output.WriteDouble(time.ToUnixTimeMilliseconds() / 1000.0);
            output.WriteTag(EventStep, WireFormat.WireType.Varint);
            output.WriteInt64(step);
            what(output);
        });
        Span<byte> length = stackalloc byte[8];
        Span<byte> crc = stackalloc byte[4];
        BinaryPrimitives.WriteInt64LittleEndian(length, message.Length);
        _stream.Write(length);
        BinaryPrimitives.WriteUInt32LittleEndian(crc, MaskedCrc(length));
        _stream.Write(crc);
        _stream.Write(message);
        BinaryPrimitives.WriteUInt32LittleEndian(crc, MaskedCrc(message));
        _stream.Write(crc);
    }
}
