using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Onnx;

namespace EDA.Engine.Export;

/// <summary>A graph of ONNX operators that is put together node by node. Values are named by what made them; weights are float32.</summary>
internal sealed class OnnxGraph
{
    private const int OperatorSet = 17, FormatVersion = 8;

    private readonly GraphProto _graph;
    private int _count;

    /// <summary>Starts a graph.</summary>
    /// <param name="name">Its name.</param>
    public OnnxGraph(string name) => _graph = new GraphProto { Name = name };

    /// <summary>A size that the caller chooses, by its name, or one that is fixed.</summary>
    public readonly record struct Size(string? Name, int Value)
    {
        public static implicit operator Size(string name) => new(name, 0);

        public static implicit operator Size(int value) => new(null, value);
    }

    /// <summary>Declares what is put in.</summary>
    /// <returns>Its name.</returns>
    public string Input(string name, string what, params Size[] sizes)
    {
        _graph.Input.Add(Described(name, what, sizes));
        return name;
    }

    /// <summary>Gives a value out under a name.</summary>
    public void Output(string value, string name, string what, params Size[] sizes)
    {
        _graph.Node.Add(Node("Identity", [value], [name]));
        _graph.Output.Add(Described(name, what, sizes));
    }

    /// <summary>Weights.</summary>
    /// <returns>Their name.</returns>
    public string Weights(string name, ReadOnlySpan<float> values, params int[] sizes)
    {
        var tensor = new TensorProto { Name = name, DataType = (int)TensorProto.Types.DataType.Float, RawData = ByteString.CopyFrom(Bytes(values)) };
        tensor.Dims.AddRange(sizes.Select(size => (long)size));
        _graph.Initializer.Add(tensor);
        return name;
    }

    /// <summary>Weights of more digits.</summary>
    /// <returns>Their name.</returns>
    public string Weights(string name, ReadOnlySpan<double> values, params int[] sizes)
    {
        var tensor = new TensorProto { Name = name, DataType = (int)TensorProto.Types.DataType.Double };
        tensor.DoubleData.AddRange(values.ToArray());
        tensor.Dims.AddRange(sizes.Select(size => (long)size));
        _graph.Initializer.Add(tensor);
        return name;
    }

    /// <summary>Whole numbers, such as a shape.</summary>
    /// <returns>Their name.</returns>
    public string Integers(string name, params long[] values)
    {
        if (_graph.Initializer.Any(tensor => tensor.Name == name))
            return name;
        var tensor = new TensorProto { Name = name, DataType = (int)TensorProto.Types.DataType.Int64 };
        tensor.Int64Data.AddRange(values);
        tensor.Dims.Add(values.Length);
        _graph.Initializer.Add(tensor);
        return name;
    }

    /// <summary>A number.</summary>
    /// <returns>Its name.</returns>
    public string Number(float value)
    {
        string name = "number_" + value.ToString("R", CultureInfo.InvariantCulture);
        return _graph.Initializer.Any(tensor => tensor.Name == name) ? name : Weights(name, [value], 1);
    }

    /// <summary>A number without a shape.</summary>
    /// <returns>Its name.</returns>
    public string Scalar(float value)
    {
        string name = "scalar_" + value.ToString("R", CultureInfo.InvariantCulture);
        return _graph.Initializer.Any(tensor => tensor.Name == name) ? name : Weights(name, [value], []);
    }

    /// <summary>An operator of one result.</summary>
    /// <returns>The result's name.</returns>
    public string Add(string operation, IReadOnlyList<string> inputs, params AttributeProto[] attributes)
    {
        string output = $"{operation}_{_count++.ToString(CultureInfo.InvariantCulture)}";
        var node = Node(operation, inputs, [output]);
        node.Attribute.AddRange(attributes);
        _graph.Node.Add(node);
        return output;
    }

    /// <summary>x + y.</summary>
    public string Sum(string x, string y) => Add("Add", [x, y]);

    /// <summary>x − y.</summary>
    public string Difference(string x, string y) => Add("Sub", [x, y]);

    /// <summary>x · y, element by element.</summary>
    public string Product(string x, string y) => Add("Mul", [x, y]);

    /// <summary>x · c.</summary>
    public string Scaled(string x, float factor) => Product(x, Number(factor));

    /// <summary>x [n×i] times the transpose of weights [o×i].</summary>
    public string Linear(string x, string weights, string? bias = null) => Add("Gemm", bias is null ? [x, weights] : [x, weights, bias], Told("transB", 1));

    /// <summary>x [n×o] times weights [o×i]: back through the linear layer of these weights.</summary>
    public string Back(string x, string weights) => Add("MatMul", [x, weights]);

    /// <summary>The mean of each row, kept as a column.</summary>
    public string RowMean(string x) => Add("ReduceMean", [x], Told("axes", [-1]), Told("keepdims", 1));

    /// <summary>The same numbers in another shape.</summary>
    public string Reshaped(string x, string shape) => Add("Reshape", [x, shape]);

    /// <summary>A whole number that an operator is told.</summary>
    public static AttributeProto Told(string name, long value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    /// <summary>Whole numbers that an operator is told.</summary>
    public static AttributeProto Told(string name, IReadOnlyList<long> values)
    {
        var attribute = new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        attribute.Ints.AddRange(values);
        return attribute;
    }

    /// <summary>The whole as a model.</summary>
    /// <param name="what">What it computes.</param>
    /// <param name="provenance">Where it comes from, by key.</param>
    /// <returns>The bytes of the file.</returns>
    public byte[] ToModel(string what, IEnumerable<KeyValuePair<string, string>> provenance)
    {
        var model = new ModelProto { IrVersion = FormatVersion, ProducerName = "EDA.Engine", DocString = what, Graph = _graph, ModelVersion = 1 };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = string.Empty, Version = OperatorSet });
        model.MetadataProps.AddRange(provenance.Select(pair => new StringStringEntryProto { Key = pair.Key, Value = pair.Value }));
        return model.ToByteArray();
    }

    private static NodeProto Node(string operation, IReadOnlyList<string> inputs, string[] outputs)
    {
        var node = new NodeProto { OpType = operation, Name = outputs[0] };
        node.Input.AddRange(inputs);
        node.Output.AddRange(outputs);
        return node;
    }

    private static ValueInfoProto Described(string name, string what, Size[] sizes)
    {
        var shape = new TensorShapeProto();
        foreach (var size in sizes)
            shape.Dim.Add(size.Name is null ? new TensorShapeProto.Types.Dimension { DimValue = size.Value } : new TensorShapeProto.Types.Dimension { DimParam = size.Name });
        return new ValueInfoProto { Name = name, DocString = what, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float, Shape = shape } } };
    }

    private static byte[] Bytes(ReadOnlySpan<float> values)
    {
        byte[] bytes = MemoryMarshal.AsBytes(values).ToArray();
        if (!BitConverter.IsLittleEndian)
        {
            for (int i = 0; i < bytes.Length; i += sizeof(float))
                BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<byte, int>(bytes.AsSpan(i, sizeof(float))), MemoryMarshal.Cast<byte, int>(bytes.AsSpan(i, sizeof(float))));
        }

        return bytes;
    }
}
